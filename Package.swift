// swift-tools-version: 6.2
import PackageDescription

/// Every target of this package builds in Swift 6 language mode, and a warning fails the build.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "llm-auto-optimizer",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "llm-auto-optimizer", targets: ["Command"]),
        .library(name: "LatencyLens", targets: ["LatencyLens", "LoadGeneration", "Measurements", "Probing", "Statistics", "Transport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", "1.8.2"..<"2.0.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", "0.2.0"..<"0.3.0"),
        .package(url: "https://github.com/groue/GRDB.swift", "7.10.0"..<"8.0.0"),
        .package(url: "https://github.com/jpsim/Yams", "6.2.2"..<"7.0.0"),
        .package(url: "https://github.com/apple/swift-system", "1.5.0"..<"2.0.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", "1.0.2"..<"2.0.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", "2.28.1"..<"3.0.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", "2.13.0"..<"3.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", "1.0.0"..<"2.0.0"),
        .package(url: "https://github.com/apple/swift-log", "1.16.2"..<"2.0.0"),
        .package(url: "https://github.com/apple/swift-nio", "2.101.2"..<"3.0.0"),
        .package(url: "https://github.com/apple/swift-protobuf", "1.39.0"..<"2.0.0"),
    ],
    targets: [
        .executableTarget(
            name: "Bench",
            dependencies: [
                "Control", "EngineModels", "EpisodeStore", "Importing", "Learning", "Measurements", "Policies", "Probing", "Scaling",
                "Simulation", "Statistics", "Transport",
            ],
            path: "Benchmarks/Bench",
            swiftSettings: strict),
        .target(name: "BenchmarkResults", dependencies: ["Documents", "Measurements", "Statistics"], swiftSettings: strict),
        .testTarget(
            name: "BenchmarkResultsTests",
            dependencies: ["BenchmarkResults", "Documents", "Importing", "Measurements", "Statistics", "TestSupport"],
            exclude: ["Golden"], swiftSettings: strict),
        .target(
            name: "BenchmarkFiles", dependencies: ["Documents", "LoadGeneration", "Measurements", "PolicyFiles", "Probing"],
            swiftSettings: strict),
        .testTarget(
            name: "BenchmarkFilesTests", dependencies: ["BenchmarkFiles", "Documents", "LoadGeneration", "Measurements"],
            swiftSettings: strict),
        .target(
            name: "BenchmarkFormats",
            dependencies: [
                "BenchmarkResults", "Documents", "Importing", "Measurements", "Pages", "Policies", "Statistics",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], exclude: ["Protobuf/measurement.proto"], swiftSettings: strict),
        .testTarget(
            name: "BenchmarkFormatsTests",
            dependencies: [
                "BenchmarkFormats", "BenchmarkResults", "Documents", "Importing", "Measurements", "Statistics", "TestSupport",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], exclude: ["Golden"], swiftSettings: strict),
        .executableTarget(
            name: "Command",
            dependencies: [
                "BackTesting", "Baselines", "BenchmarkFiles", "BenchmarkFormats", "BenchmarkResults", "CommandTargets", "Control",
                "Documents",
                "EngineModels", "EpisodeStore", "Importing", "Kubernetes", "LatencyLens", "Learning", "LoadGeneration", "Measurements",
                "Policies", "PolicyFiles", "Probing", "Reporting", "Scaling", "Scorecards", "Server", "Simulation", "Statistics",
                "Telemetry", "Transport", "Verification", "Watching",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Command", "Control", "Documents", "EpisodeStore", "Importing", "KubernetesTestSupport", "Learning", "Measurements",
                "Policies", "TestSupport",
            ], exclude: ["Golden"],
            swiftSettings: strict),
        .target(
            name: "CommandTargets", dependencies: ["Control", "Documents", "Learning", "Measurements", "Policies", "Transport"],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTargetsTests", dependencies: ["CommandTargets", "Control", "Learning", "Policies", "TestSupport", "Transport"],
            swiftSettings: strict),
        .executableTarget(
            name: "ControllerHelper",
            dependencies: ["Control", "EpisodeStore", "Kubernetes", "Measurements", "Policies", "Statistics", "Verification"],
            path: "Tests/ControllerHelper", swiftSettings: strict),
        .testTarget(
            name: "CrashTests",
            dependencies: [
                "Control", "ControllerHelper", "Documents", "EpisodeStore", "Kubernetes", "KubernetesTestSupport", "Learning",
                "Measurements", "Policies", "Statistics",
            ], swiftSettings: strict),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CEpoll"),
        .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "Documents", dependencies: ["CSimdjson", .product(name: "Yams", package: "Yams")], swiftSettings: strict),
        .testTarget(name: "DeployTests", dependencies: ["Documents", "KubernetesTestSupport", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents"], swiftSettings: strict),
        .target(
            name: "Statistics",
            dependencies: [.product(name: "Histogram", package: "hdrhistogram-swift")],
            swiftSettings: strict
        ),
        .target(
            name: "Control",
            dependencies: ["EngineModels", "Learning", "Measurements", "Policies", "Scaling", "Statistics", "Tuning", "Verification"],
            swiftSettings: strict),
        .testTarget(
            name: "ControlTests",
            dependencies: [
                "Control", "EngineModels", "EpisodeStore", "Learning", "Measurements", "Policies", "Scaling", "Statistics", "Tuning",
                "Verification",
            ],
            swiftSettings: strict),
        .target(
            name: "EpisodeStore",
            dependencies: [
                "Control", "Learning", "Measurements", "Policies", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EpisodeStoreTests",
            dependencies: [
                "Control", "EpisodeStore", "EpisodeStoreHelper", "Learning", "Measurements", "Policies", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "EpisodeStoreHelper", dependencies: ["Control", "EpisodeStore", "Learning", "Measurements", "Policies", "Statistics"],
            path: "Tests/EpisodeStoreHelper",
            swiftSettings: strict),
        .target(
            name: "LatencyLens",
            dependencies: ["CEpoll", "LoadGeneration", "Measurements", "Probing", "Statistics", "Transport"],
            swiftSettings: strict),
        .testTarget(
            name: "LatencyLensTests",
            dependencies: ["LatencyLens", "LoadGeneration", "Measurements", "Probing", "Statistics", "TestSupport", "Transport"],
            swiftSettings: strict),
        .executableTarget(
            name: "LensExample", dependencies: ["LatencyLens", "LoadGeneration", "Measurements", "Probing", "Statistics", "Transport"],
            path: "Examples/Lens", swiftSettings: strict),
        .testTarget(name: "LearningTests", dependencies: ["Learning", "Measurements", "Policies", "Statistics"], swiftSettings: strict),
        .target(
            name: "Kubernetes",
            dependencies: [
                "Control", "Documents", "Learning", "Measurements", "Policies", "Transport",
                .product(name: "Subprocess", package: "swift-subprocess"), .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: strict),
        .testTarget(
            name: "AdjusterTests",
            dependencies: [
                "Control", "Documents", "Kubernetes", "KubernetesTestSupport", "Learning", "Measurements", "Policies", "TestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "KubernetesTests",
            dependencies: [
                "Control", "Documents", "Kubernetes", "KubernetesTestSupport", "Learning", "Measurements", "Policies", "Statistics",
                "TestSupport", "Transport",
            ], swiftSettings: strict),
        .target(
            name: "KubernetesTestSupport", dependencies: ["Documents", "TestSupport"], path: "Tests/KubernetesTestSupport",
            swiftSettings: strict),
        .executableTarget(
            name: "FakeKubernetesAPI", dependencies: ["Documents", "KubernetesTestSupport"], path: "Tests/FakeKubernetesAPI",
            swiftSettings: strict),
        .testTarget(
            name: "KubernetesFakeTests", dependencies: ["FakeKubernetesAPI", "KubernetesTestSupport", "TestSupport"], swiftSettings: strict),
        .target(
            name: "Reporting", dependencies: ["Control", "Learning", "Measurements", "Pages", "Policies", "Statistics"],
            swiftSettings: strict),
        .testTarget(
            name: "ReportingTests",
            dependencies: [
                "Control", "Documents", "Kubernetes", "Learning", "Measurements", "Pages", "Policies", "Reporting", "Statistics",
                "TestSupport",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .target(name: "Learning", dependencies: ["Measurements", "Policies", "Statistics"], swiftSettings: strict),
        .target(name: "Importing", dependencies: ["Documents", "Measurements", "Statistics"], swiftSettings: strict),
        .testTarget(
            name: "ImportingTests", dependencies: ["Documents", "Importing", "Measurements", "Statistics", "TestSupport"],
            swiftSettings: strict),
        .target(name: "LoadGeneration", dependencies: ["Documents", "Measurements", "Statistics"], swiftSettings: strict),
        .testTarget(
            name: "LoadGenerationTests", dependencies: ["LoadGeneration", "Measurements", "Statistics", "TestSupport"],
            swiftSettings: strict),
        .target(name: "Measurements", dependencies: ["Statistics"], swiftSettings: strict),
        .testTarget(name: "MeasurementsTests", dependencies: ["Measurements", "Statistics"], swiftSettings: strict),
        .target(name: "Pages", dependencies: ["Measurements"], swiftSettings: strict),
        .target(name: "Policies", dependencies: ["Measurements", "Statistics"], swiftSettings: strict),
        .target(
            name: "PolicyFiles", dependencies: ["Documents", "EngineModels", "Learning", "Measurements", "Policies", "Statistics"],
            swiftSettings: strict),
        .testTarget(
            name: "PolicyFilesTests", dependencies: ["Documents", "Measurements", "Policies", "PolicyFiles", "Statistics", "TestSupport"],
            exclude: ["Golden", "Files"],
            swiftSettings: strict),
        .target(
            name: "Probing", dependencies: ["Control", "Documents", "Measurements", "Policies", "Statistics", "Transport"],
            swiftSettings: strict),
        .testTarget(
            name: "ProbingTests",
            dependencies: ["Control", "Documents", "Measurements", "Policies", "Probing", "Statistics", "TestSupport", "Transport"],
            swiftSettings: strict),
        .testTarget(name: "PoliciesTests", dependencies: ["Measurements", "Policies", "Statistics"], swiftSettings: strict),
        .target(
            name: "Telemetry",
            dependencies: ["Control", "Documents", "Measurements", "Policies", "Scaling", "Statistics", "Transport", "Verification"],
            swiftSettings: strict),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Control", "Documents", "Measurements", "Policies", "Scaling", "Statistics", "Telemetry", "TestSupport", "Transport",
                "Verification",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .target(
            name: "Server",
            dependencies: [
                "EngineModels", "Measurements", "Simulation", .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .testTarget(
            name: "ServerTests",
            dependencies: ["Documents", "EngineModels", "Measurements", "Probing", "Server", "Simulation", "Telemetry", "Transport"],
            swiftSettings: strict),
        .target(
            name: "Simulation",
            dependencies: ["Control", "Documents", "EngineModels", "Learning", "Measurements", "Policies", "Statistics"],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Control", "EngineModels", "Measurements", "Policies", "Simulation", "Statistics", "TestSupport"],
            swiftSettings: strict),
        .target(name: "EngineModels", dependencies: ["Measurements"], swiftSettings: strict),
        .target(name: "Scaling", dependencies: ["EngineModels", "Measurements"], swiftSettings: strict),
        .testTarget(name: "ScalingTests", dependencies: ["EngineModels", "Measurements", "Scaling"], swiftSettings: strict),
        .target(
            name: "BackTesting",
            dependencies: ["Control", "EngineModels", "Learning", "Measurements", "Policies", "Scaling", "Simulation", "Statistics"],
            swiftSettings: strict),
        .testTarget(
            name: "BackTestingTests",
            dependencies: [
                "BackTesting", "Baselines", "Control", "EngineModels", "Learning", "Measurements", "Policies", "Scaling", "Simulation",
                "Statistics", "Tuning", "Verification",
                "TestSupport",
            ],
            swiftSettings: strict),
        .target(
            name: "Scorecards",
            dependencies: ["BackTesting", "Control", "Measurements", "Pages", "Policies", "Statistics"], swiftSettings: strict),
        .testTarget(
            name: "ScorecardsTests", dependencies: ["BackTesting", "Documents", "Scorecards", "TestSupport"],
            exclude: ["Golden"], swiftSettings: strict),
        .target(name: "Baselines", dependencies: ["EngineModels", "Measurements", "Scaling"], swiftSettings: strict),
        .testTarget(
            name: "BaselinesTests",
            dependencies: [
                "BackTesting", "Baselines", "Control", "EngineModels", "Measurements", "Policies", "Scaling", "Simulation", "TestSupport",
            ], swiftSettings: strict),
        .target(
            name: "Tuning", dependencies: ["EngineModels", "Learning", "Measurements", "Policies", "Statistics", "Verification"],
            swiftSettings: strict),
        .testTarget(
            name: "TuningTests",
            dependencies: [
                "Control", "EngineModels", "Learning", "Measurements", "Policies", "Simulation", "Statistics", "Tuning", "Verification",
            ], swiftSettings: strict),
        .target(name: "Watching", dependencies: ["Control", "Importing", "Measurements"], swiftSettings: strict),
        .testTarget(name: "WatchingTests", dependencies: ["Control", "Measurements", "Watching"], swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .target(name: "Verification", dependencies: ["Learning", "Measurements", "Policies", "Statistics"], swiftSettings: strict),
        .testTarget(
            name: "VerificationTests", dependencies: ["Learning", "Measurements", "Policies", "Statistics", "Verification"],
            swiftSettings: strict),
        .testTarget(
            name: "CanaryTests",
            dependencies: ["EngineModels", "Learning", "Measurements", "Simulation", "Statistics", "Verification"],
            swiftSettings: strict),
        .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .target(name: "Transport", dependencies: ["CCurl"], swiftSettings: strict),
        .executableTarget(name: "TransportHelper", dependencies: ["Transport"], path: "Tests/TransportHelper", swiftSettings: strict),
        .testTarget(name: "TransportTests", dependencies: ["TestSupport", "Transport", "TransportHelper"], swiftSettings: strict),
        .testTarget(name: "StatisticsTests", dependencies: ["Statistics"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)
