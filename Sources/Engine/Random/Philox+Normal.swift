import Foundation

extension Philox {
    /// Four independent standard normal values at a place of this operation's stream, by Box–Muller.
    ///
    /// The words in pairs (u, v) give √(−2 ln u) · (cos 2πv, sin 2πv), with u in (0, 1): never infinite, at most 5.8.
    package func normals(_ index: UInt64) -> SIMD4<Float> {
        let words = block(index)
        let (a, b) = Philox.normals(words.x, words.y)
        let (c, d) = Philox.normals(words.z, words.w)
        return SIMD4(a, b, c, d)
    }

    private static func normals(_ radial: UInt32, _ angular: UInt32) -> (Float, Float) {
        let radius = (-2 * log(openUniform(radial))).squareRoot()
        let angle = 2 * Float.pi * uniform(angular)
        return (radius * cos(angle), radius * sin(angle))
    }
}
