/// What the parameters of an encoder or a decoder are for, by which adversarial perturbation chooses among them.
package enum ParameterGroup: Sendable {
    /// The projections of attention.
    case attention
    /// The two layers of a feed-forward network.
    case feedForward
    /// The gates of a recurrent layer.
    case recurrence
    /// LayerNorms and queries.
    case other
}

/// A parameter and what it is for.
package struct GroupedParameter: Sendable {
    package let group: ParameterGroup
    package let parameter: Parameter
}

extension [Parameter] {
    func grouped(_ group: ParameterGroup) -> [GroupedParameter] {
        map { GroupedParameter(group: group, parameter: $0) }
    }
}
