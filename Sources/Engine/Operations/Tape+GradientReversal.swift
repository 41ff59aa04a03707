extension Tape {
    /// The identity, whose gradient is multiplied by −α (Ganin & Lempitsky 2015; equation 11 of the MMER paper): what comes
    /// before it is trained to make worse what comes after it is trained to make better.
    package func gradientReversal(_ x: Variable, alpha: Float) -> Variable {
        record(x.value) { [x = x.place] gradient, pass in
            pass.accumulate(gradient.scaled(by: -Double(alpha)), to: x)
        }
    }
}
