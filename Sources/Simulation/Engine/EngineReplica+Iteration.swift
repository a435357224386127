import EngineModels
import Measurements

extension EngineReplica {
    /// Does everything that ends by a time. An iteration is begun only once all arrivals up to its beginning are known.
    mutating func advance(to time: Int64) {
        while true {
            if mixedEnd >= 0 {
                guard mixedEnd <= time else {
                    quietUntil = mixedEnd
                    return
                }
                completeMixed()
            }
            if decoding.isEmpty && prefilling.isEmpty {
                guard let head = waiting.first else {
                    now = max(now, time)
                    quietUntil = .max
                    return
                }
                now = max(now, slots[Int(head)].readyAt)
            }
            guard now < time else {
                quietUntil = now
                return
            }
            noise.enter(iteration)
            let alike = iterationsAlike
            guard alike > 0 else {
                beginMixed()
                continue
            }
            guard leap(atMost: alike, until: time) else { return }
        }
    }

    /// How many iterations from now on differ in nothing but the length of their sequences; 0 where the next one is to be scheduled.
    private var iterationsAlike: Int64 {
        guard prefilling.isEmpty, !decoding.isEmpty else { return 0 }
        var alike = min(
            decoding.firstIteration - iteration, noise.runEnd - iteration, (cacheCapacity - reservedTokens) / Int64(decoding.count))
        if let head = waiting.first, isAdmissible(head) {
            // The head came while an iteration was under way.
            alike = slots[Int(head)].readyAt <= now ? 0 : min(alike, 1)
        }
        return max(0, alike)
    }

    private func isAdmissible(_ slot: Int32) -> Bool {
        running < settings.maxNumSeqs && reservedTokens + slots[Int(slot)].prefillTarget + Int64(running) + 1 <= cacheCapacity
    }

    /// - Returns: Whether all of them ended by the time.
    private mutating func leap(atMost alike: Int64, until time: Int64) -> Bool {
        let batch = Int64(decoding.count)
        let run = DecodeRun(
            first: noise.cost.iteration(tokens: batch, cached: cachedTokens), growth: noise.cost.cachePerToken * batch)
        let count = run.iterations(within: time - now, limit: alike)
        if count < alike { quietUntil = now + run.duration(of: alike) }
        guard count > 0 else { return false }
        if listens {
            for step in 1...count { tell(at: now + run.duration(of: step), iteration: iteration + step) }
        }
        let duration = run.duration(of: count)
        pass(duration, iterations: count)
        finishDue()
        return count == alike
    }

    /// Time goes on, and every decoding request makes its tokens.
    private mutating func pass(_ duration: Int64, iterations: Int64) {
        let made = iterations * Int64(decoding.count)
        now += duration
        iteration += iterations
        cachedTokens += made
        reservedTokens += made
        totals.busy += Int128(duration)
        totals.iterations += iterations
        totals.steps += 1
        totals.generatedTokens += made
    }

    // MARK: Iterations that read prompts

    /// Decides what the next iteration does, and when it ends.
    private mutating func beginMixed() {
        var lostPlaces = false
        while reservedTokens + Int64(running) > cacheCapacity {
            preemptLatest()
            lostPlaces = true
        }
        var budget = Int64(settings.maxNumBatchedTokens) - Int64(decoding.count)
        var tokens = Int64(decoding.count)
        var doubledPairs: Int64 = 0
        func take(_ slot: inout RequestSlot) {
            slot.chunk = max(0, min(slot.prefillTarget - slot.prefilled, budget))
            budget -= slot.chunk
            tokens += slot.chunk
            doubledPairs += slot.chunk * (2 * slot.prefilled + slot.chunk)
        }
        for slot in prefilling { take(&slots[Int(slot)]) }
        while !lostPlaces, budget > 0, let head = waiting.first, slots[Int(head)].readyAt <= now, isAdmissible(head) {
            let slot = waiting.removeFirst()
            prefilling.append(slot)
            reservedTokens += slots[Int(slot)].prefillTarget
            waitingTokens -= slots[Int(slot)].prefillTarget
            slots[Int(slot)].prefilled = slots[Int(slot)].cachedTokens
            if slots[Int(slot)].scheduled < 0 { slots[Int(slot)].scheduled = now }
            take(&slots[Int(slot)])
        }
        precondition(tokens > 0, "replica \(number) has \(waiting.count) requests waiting, none running, and takes none")
        mixedEnd = now + noise.cost.iteration(tokens: tokens, cached: cachedTokens, doubledPairs: doubledPairs)
    }

    private mutating func completeMixed() {
        let duration = mixedEnd - now
        mixedEnd = -1
        if listens { tell(at: now + duration, iteration: iteration + 1) }
        pass(duration, iterations: 1)
        var read = 0
        for place in prefilling.indices {
            let slot = Int(prefilling[place])
            slots[slot].prefilled += slots[slot].chunk
            totals.promptTokens += slots[slot].chunk
            slots[slot].chunk = 0
            // Prompts are read in order, so that those that are through stand in front.
            if read == place, slots[slot].prefilled == slots[slot].prefillTarget { read += 1 }
        }
        for place in 0..<read { placeAmongDecoding(prefilling[place]) }
        prefilling.removeFirst(read)
        finishDue()
    }

    /// A prompt that is through makes its first token in the same iteration.
    private mutating func placeAmongDecoding(_ slot: Int32) {
        let index = Int(slot)
        slots[index].generatedBefore += 1
        slots[index].decodingSince = iteration
        cachedTokens += slots[index].inputTokens + slots[index].generatedBefore
        reservedTokens += 1
        totals.generatedTokens += 1
        decoding.insert(.init(iteration: iteration + slots[index].outputTokens - slots[index].generatedBefore, slot: slot))
        if slots[index].firstToken < 0 {
            slots[index].firstToken = now
            // An engine that schedules ahead hands tokens over one iteration later.
            slots[index].wayOut = wayOut + noise.cost.iteration(tokens: Int64(decoding.count), cached: cachedTokens)
        }
        if listens { tell(index, at: now, made: slots[index].generatedBefore) }
    }

    private mutating func finishDue() {
        while !decoding.isEmpty, decoding.firstIteration <= iteration {
            let slot = decoding.removeFirst()
            let index = Int(slot)
            let made = slots[index].outputTokens
            cachedTokens -= slots[index].inputTokens + made
            reservedTokens -= slots[index].inputTokens + made
            totals.completed += 1
            outcomes.append(
                RequestOutcome(
                    slots[index], ending: .completed, generated: made, lastToken: now + slots[index].wayOut, replica: number))
            freeSlots.append(slot)
        }
        if load == 0 { emptySince = now }
    }

    private mutating func preemptLatest() {
        func isEarlier(_ one: Int32, _ other: Int32) -> Bool { slots[Int(one)].sequence < slots[Int(other)].sequence }
        guard let slot = (decoding.entries.map(\.slot) + prefilling).max(by: isEarlier) else {
            preconditionFailure("replica \(number) holds \(reservedTokens) tokens for nobody")
        }
        let index = Int(slot)
        if let place = prefilling.firstIndex(of: slot) {
            prefilling.remove(at: place)
            reservedTokens -= slots[index].prefillTarget
        } else {
            decoding.remove(slot: slot)
            slots[index].generatedBefore = slots[index].generated(at: iteration)
            cachedTokens -= slots[index].prefillTarget
            reservedTokens -= slots[index].prefillTarget
        }
        waitingTokens += slots[index].prefillTarget
        slots[index].preemptions += 1
        totals.preemptions += 1
        waiting.prepend(slot)
    }

    // MARK: Tokens, where somebody listens

    private mutating func tell(at time: Int64, iteration: Int64) {
        for entry in decoding.entries {
            let index = Int(entry.slot)
            tell(index, at: time, made: slots[index].generated(at: iteration))
        }
    }

    private mutating func tell(_ index: Int, at time: Int64, made: Int64) {
        tokens.append(
            TokenEvent(
                request: slots[index].id, time: Nanoseconds(picoseconds: time + slots[index].wayOut), tokenIndex: Int(made - 1),
                isLast: made == slots[index].outputTokens))
    }
}
