import Measurements
import Scaling

extension Baseline {
    /// All there are, in the order in which they are told.
    public static let all = [fixed] + kubernetes + serving + workloadVariant + dynamo

    static let fixed = Baseline(
        "fixed", "The same number of replicas at all times.", [BaselineOption("replicas", "4", "how many")]
    ) { (options, context) throws(BaselineError) in FixedFleet(try options.count("replicas", in: 0...1_024)) }

    // MARK: Kubernetes

    private static let metric = BaselineOption("metric", "running", "running, waiting, requests (both) or cache (percent), of each replica")

    static let kubernetes = [
        Baseline(
            "hpa", "Kubernetes' HorizontalPodAutoscaler (autoscaling/v2) on a metric of the pods.",
            [
                BaselineOption("target", "40", "mean value of the metric aimed at"), metric,
                BaselineOption("tolerance", "0.1", "share by which it may be missed"),
                BaselineOption("up-window", "0", "stabilization window for more replicas, seconds"),
                BaselineOption("down-window", "300", "stabilization window for fewer, seconds"),
            ]
        ) { (options, context) throws(BaselineError) in
            var behavior = ScalingBehavior()
            behavior.up.stabilizationWindow = try options.number("up-window", in: 0...3_600)
            behavior.down.stabilizationWindow = try options.number("down-window", in: 0...3_600)
            let tolerance = try options.number("tolerance", in: 0...1)
            return HorizontalPodAutoscaler(
                metric: try options.choice("metric", PodMetric.self),
                rule: DesiredReplicas(
                    target: try options.number("target", in: 1e-6...1e9), toleranceUp: tolerance, toleranceDown: tolerance),
                behavior: behavior, replicaRange: context.replicaRange)
        },
        Baseline(
            "keda", "A ScaledObject of KEDA on the sum of a metric.",
            [
                BaselineOption("threshold", "40", "sum of the metric for each replica"), metric,
                BaselineOption("cached", "false", "whether the value of the last poll is used"),
                BaselineOption("polling", "30", "polling interval, seconds"),
            ]
        ) { (options, context) throws(BaselineError) in
            KedaScaledObject(
                metric: try options.choice("metric", PodMetric.self), threshold: try options.number("threshold", in: 1e-6...1e9),
                usesCachedMetrics: try options.flag("cached"),
                pollingInterval: Nanoseconds(seconds: try options.number("polling", in: 1...3_600)), replicaRange: context.replicaRange)
        },
        Baseline(
            "slo-keda", "llm-d's loop on the saturation of objectives, on KEDA.",
            [BaselineOption("clamp", "true", "whether it never removes replicas while saturated, which the printed rule may")]
        ) { (options, context) throws(BaselineError) in
            SaturationLoop(
                timeToFirstToken: context.timeToFirstToken, timePerOutputToken: context.timePerOutputToken,
                neverRemovesWhenSaturated: try options.flag("clamp"), replicaRange: context.replicaRange)
        },
    ]

    // MARK: Serving frameworks

    static let serving = [
        Baseline(
            "kpa", "Knative's pod autoscaler on concurrency.",
            [
                BaselineOption("concurrency", "100", "requests a replica takes"),
                BaselineOption("utilization", "0.7", "share of them aimed at"),
                BaselineOption("window", "60", "stable window, seconds"),
                BaselineOption("panic-window", "6", "panic window, seconds"),
                BaselineOption("panic-threshold", "2", "times the ready replicas at which it panics"),
                BaselineOption("scale-down-delay", "0", "seconds"),
            ]
        ) { (options, context) throws(BaselineError) in
            let utilization = try options.number("utilization", in: 0.01...1)
            var decider = KnativeDecider(target: try options.number("concurrency", in: 1...1e6) * utilization)
            decider.stableWindow = Nanoseconds(seconds: try options.number("window", in: 6...3_600))
            decider.panicThreshold = try options.number("panic-threshold", in: 1...1_000)
            decider.scaleDownDelay = Nanoseconds(seconds: try options.number("scale-down-delay", in: 0...3_600))
            return KnativePodAutoscaler(decider: decider, panicWindow: try options.number("panic-window", in: 2...3_600))
        },
        Baseline(
            "ray", "The autoscaler of Ray Serve on ongoing requests.",
            [
                BaselineOption("target", "2", "ongoing requests of a replica"),
                BaselineOption("upscale-delay", "30", "seconds"), BaselineOption("downscale-delay", "600", "seconds"),
                BaselineOption("look-back", "30", "seconds over which requests are averaged"),
            ]
        ) { (options, context) throws(BaselineError) in
            var decider = RayServeDecider(target: try options.number("target", in: 1e-3...1e6), replicaRange: context.replicaRange)
            decider.upscaleDelay = try options.number("upscale-delay", in: 0...86_400)
            decider.downscaleDelay = try options.number("downscale-delay", in: 0...86_400)
            return RayServeAutoscaler(decider: decider, lookBackPeriod: try options.number("look-back", in: 1...3_600))
        },
        Baseline(
            "aibrix", "AIBrix's application-specific pod autoscaler on a metric of the replicas.",
            [
                BaselineOption("target", "40", "mean value of the metric aimed at"), metric,
                BaselineOption("up-tolerance", "0.1", "share by which it may be above"),
                BaselineOption("down-tolerance", "0.1", "share by which it may be below"),
                BaselineOption("down-cooldown", "300", "seconds"),
            ]
        ) { (options, context) throws(BaselineError) in
            var rule = AIBrixRule(target: try options.number("target", in: 1e-6...1e9))
            rule.toleranceUp = try options.number("up-tolerance", in: 0...10)
            rule.toleranceDown = try options.number("down-tolerance", in: 0...1)
            return AIBrixPodAutoscaler(
                metric: try options.choice("metric", PodMetric.self), rule: rule,
                downCooldown: try options.number("down-cooldown", in: 0...3_600))
        },
    ]

    // MARK: llm-d

    static let workloadVariant = [
        Baseline(
            "wva", "llm-d's Workload Variant Autoscaler, saturation of cache and queue (v1).",
            [
                BaselineOption("cache", "0.8", "share of the cache from which on a replica is saturated"),
                BaselineOption("queue", "5", "requests waiting from which on it is"),
                BaselineOption("cache-spare", "0.1", "less to spare adds a replica"),
                BaselineOption("queue-spare", "3", "less to spare adds a replica"),
            ]
        ) { (options, context) throws(BaselineError) in
            var rule = SaturationRule()
            rule.cacheThreshold = try options.number("cache", in: 0...1)
            rule.queueThreshold = try options.number("queue", in: 0...1e6)
            rule.cacheSpareTrigger = try options.number("cache-spare", in: 0...1)
            rule.queueSpareTrigger = try options.number("queue-spare", in: 0...1e6)
            return SaturationScaler(rule: rule)
        },
        Baseline(
            "wva-tokens", "llm-d's Workload Variant Autoscaler, capacity in tokens (v2).",
            [
                BaselineOption("up", "0.85", "demand over capacity above which replicas are added"),
                BaselineOption("down", "0.7", "below which they are removed"),
            ]
        ) { (options, context) throws(BaselineError) in
            var rule = TokenCapacityRule(settings: context.settings)
            rule.scaleUpThreshold = try options.number("up", in: 0.01...10)
            rule.scaleDownBoundary = try options.number("down", in: 0.01...10)
            return TokenCapacityScaler(rule: rule)
        },
        Baseline(
            "wva-queueing", "llm-d's Workload Variant Autoscaler, queueing model.",
            [
                BaselineOption("divide", "1", "the objectives are divided by it"),
                BaselineOption(
                    "multiplier", "0", "above 1: objectives are inferred, an iteration may take so many times an empty one's; 0: as given"),
                BaselineOption(
                    "recovers", "false", "whether the filter grows less sure with what it turns down, which its source does not"),
            ]
        ) { (options, context) throws(BaselineError) in
            let divisor = try options.number("divide", in: 0.1...100)
            let multiplier = try options.number("multiplier", in: 0...100)
            return QueueingModelScaler(
                objectives: multiplier > 1
                    ? .inferred(multiplier: multiplier)
                    : .explicit(
                        timeToFirstToken: context.timeToFirstToken.milliseconds / divisor,
                        timePerOutputToken: context.timePerOutputToken.milliseconds / divisor),
                settings: context.settings, recovers: try options.flag("recovers"))
        },
    ]

    // MARK: NVIDIA Dynamo

    private static let predictor = BaselineOption("predictor", "constant", "constant or kalman")

    static let dynamo = [
        Baseline(
            "dynamo", "NVIDIA Dynamo's planner for engines that read and decode alike.",
            [
                BaselineOption("mode", "throughput", "throughput, load, or both"), predictor,
                BaselineOption("capacity", "1", "what is trusted to an engine is multiplied by it"),
            ]
        ) { (options, context) throws(BaselineError) in
            DynamoPlanner(
                context, mode: try options.choice("mode", DynamoPlanner.Mode.self),
                predictor: try options.choice("predictor", LoadPredictor.Kind.self),
                capacityFactor: try options.number("capacity", in: 0.01...100))
        },
        Baseline(
            "dynamo-easy", "NVIDIA Dynamo's planner with fixed thresholds of the cache.",
            [BaselineOption("for", "throughput", "throughput or latency")]
        ) { (options, context) throws(BaselineError) in
            DynamoEasyPlanner(try options.choice("for", DynamoEasyPlanner.Optimization.self))
        },
        Baseline(
            "dynamo-classic", "NVIDIA Dynamo's first planner, for reading and decoding engines of their own.", [predictor]
        ) { (options, context) throws(BaselineError) in
            DynamoClassicPlanner(context, predictor: try options.choice("predictor", LoadPredictor.Kind.self))
        },
    ]
}
