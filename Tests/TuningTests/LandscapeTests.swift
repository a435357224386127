import Foundation
import Testing
import Tuning

@Suite(.enabled(if: ProcessInfo.processInfo.environment["CAMPAIGN"] == "landscape")) struct LandscapeTests {
    @Test("how good every configuration is", arguments: ["large", "small"])
    func landscape(_ name: String) {
        let world = name == "large" ? TuningWorld.large : .small
        let landscape = world.landscape()
        for (configuration, place) in landscape.places.sorted(by: { $0.value.objective < $1.value.objective }) {
            print(name, configuration, place)
        }
    }
}
