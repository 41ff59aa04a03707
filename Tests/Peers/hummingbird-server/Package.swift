// swift-tools-version:6.2

import PackageDescription

// A minimal Hummingbird 2 server to compare with; built on its own, never as part of Limbic:
//     swift build -c release --package-path Tests/Peers/hummingbird-server
let package = Package(
    name: "hummingbird-peer",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1")
    ],
    targets: [
        .executableTarget(
            name: "peer",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            swiftSettings: [.swiftLanguageMode(.v6)]
        )
    ]
)
