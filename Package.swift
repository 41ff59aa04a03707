// swift-tools-version:6.2

import PackageDescription

let package = Package(
    name: "limbic",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "limbic", targets: ["limbic"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        // C libraries and the vector loops that measurably need C.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-pthread-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
        .target(
            name: "CSimdjson",
            cxxSettings: [.unsafeFlags(["-O3"])],
            linkerSettings: [.linkedLibrary("simdjson")]
        ),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),

        // Leaves, which every target may use.
        .target(name: "JSON", dependencies: ["CSimdjson", "Platform"]),
        .target(
            name: "Platform",
            dependencies: ["COpenSSL", .product(name: "Logging", package: "swift-log")]
        ),

        .target(name: "Engine", dependencies: ["CKernels", "COpenBLAS", "JSON", "Platform"]),
        .target(name: "Emotion", dependencies: ["Engine", "CZip", "JSON", "Platform"]),
        .target(
            name: "HTTP",
            dependencies: [
                "CLinux",
                "COpenSSL",
                "CZlib",
                "JSON",
                "Platform",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            // A connection is a class whose every property would be guarded at each access, for a tenth of a request's time;
            // debug builds, and so the tests, keep the guard.
            swiftSettings: [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
        ),
        .target(
            name: "Jobs",
            dependencies: [
                "JSON",
                "Platform",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]
        ),
        .target(
            name: "Service",
            dependencies: [
                "Emotion",
                "Engine",
                "HTTP",
                "JSON",
                "Jobs",
                "Platform",
                "Studies",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        .target(name: "Studies", dependencies: ["Emotion", "Engine", "JSON", "Platform"]),

        .executableTarget(
            name: "limbic",
            dependencies: [
                "Emotion",
                "Engine",
                "HTTP",
                "JSON",
                "Jobs",
                "Platform",
                "Service",
                "Studies",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            // By which a worker is known to be of the same build as the server.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--build-id"])]
        ),

        .target(name: "TestSupport", dependencies: ["Emotion", "Engine"], path: "Tests/TestSupport"),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"]),
        .testTarget(
            name: "PlatformTests",
            dependencies: ["Platform", "TestSupport", .product(name: "Logging", package: "swift-log")]
        ),
        .testTarget(
            name: "EngineTests",
            dependencies: ["Engine", "TestSupport"]
        ),
        .testTarget(
            name: "EmotionTests",
            dependencies: ["Emotion", "JSON", "Platform", "TestSupport"],
            resources: [.copy("Golden")]
        ),
        .testTarget(name: "StudiesTests", dependencies: ["Studies", "Emotion", "TestSupport"]),
        .testTarget(name: "HTTPTests", dependencies: ["COpenSSL", "HTTP", "Platform", "TestSupport"]),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "JSON",
                "Jobs",
                "Platform",
                "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "ServiceTests", dependencies: ["JSON", "Platform", "Service", "TestSupport", "limbic"]),
    ]
)

// Only for .ci/fuzz, which builds it with what libFuzzer needs.
if Context.environment["LIMBIC_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: ["HTTP", .product(name: "HTTPTypes", package: "swift-http-types")],
            path: "Tests/Fuzz",
            exclude: ["Seeds", "dictionary"]
        )
    )
}

for target in package.targets where [.executable, .regular, .test].contains(target.type) {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .swiftLanguageMode(.v6),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .treatAllWarnings(as: .error),
        ]
}
