import Learning
import Testing
import Tuning

@Suite struct SafetyTests {}
