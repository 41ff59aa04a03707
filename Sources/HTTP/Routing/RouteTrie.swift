import HTTPTypes

/// Routes by the parts of their paths. Matches on the bytes of the request without decoding or copying them, but for
/// parts with percent escapes.
struct RouteTrie: Sendable {
    enum Match: Sendable {
        case route(Route, PathParameters)
        /// `OPTIONS` for a path without a route for it.
        case options([HTTPRequest.Method])
        case failure(RequestError)
    }

    enum Part: Equatable {
        case literal([UInt8])
        case parameter(String)
    }

    private struct Node: Sendable {
        var literals: [Literal] = []
        var parameter: Int?
        var routes: [Route] = []
        /// Takes every path below this node that no pattern matches.
        var rest: Route?
    }

    /// A part of a pattern, which lies in ``text``, and the node it leads to.
    private struct Literal: Sendable {
        let text: Range<Int>
        let node: Int
    }

    /// The literal parts of all patterns. Numbers in the nodes are compared with paths faster than arrays, which would have
    /// to be held for that.
    private var text: [UInt8] = []
    private var nodes = [Node()]
    /// By ``Route/index``.
    private(set) var routes: [Route] = []

    // MARK: Building

    static func parts(of pattern: String) -> [Part] {
        precondition(pattern.utf8.first == UInt8(ascii: "/"), "a pattern starts with a slash")
        return pattern.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            guard $0.first == UInt8(ascii: "{"), $0.last == UInt8(ascii: "}") else { return .literal(Array($0)) }
            return .parameter(String(decoding: $0.dropFirst().dropLast(), as: UTF8.self))
        }
    }

    mutating func insert(_ route: Route) {
        let node = descend(Self.parts(of: route.pattern))
        precondition(
            !nodes[node].routes.contains { $0.method == route.method },
            "\(route.method) \(route.pattern) is there already"
        )
        nodes[node].routes.append(route)
        routes.append(route)
    }

    mutating func insertRest(_ route: Route, under prefix: String) {
        precondition(prefix.utf8.last == UInt8(ascii: "/"), "a prefix ends with a slash")
        let node = descend(Self.parts(of: prefix).dropLast())
        precondition(nodes[node].rest == nil, "\(prefix) has files already")
        nodes[node].rest = route
        routes.append(route)
    }

    private mutating func descend(_ parts: some Sequence<Part>) -> Int {
        parts.reduce(0) { node, part in
            switch part {
            case .literal(let bytes):
                if let known = nodes[node].literals.first(where: { text[$0.text].elementsEqual(bytes) }) {
                    return known.node
                }
                text += bytes
                nodes[node].literals.append(Literal(text: text.count - bytes.count..<text.count, node: nodes.count))
            case .parameter:
                if let known = nodes[node].parameter { return known }
                nodes[node].parameter = nodes.count
            }
            nodes.append(Node())
            return nodes.count - 1
        }
    }

    // MARK: Matching

    func match(_ head: RequestHead) -> Match {
        guard head.target == .path else { return .options(allMethods) }
        return head.fields.bytes.withUnsafeBufferPointer { bytes in
            nodes.withUnsafeBufferPointer { nodes in
                text.withUnsafeBufferPointer { text in
                    var search = Search(nodes: nodes, text: text, method: head.method)
                    search.walk(UnsafeBufferPointer(rebasing: bytes[head.path].dropFirst()))
                    return search.result
                }
            }
        }
    }

    private var allMethods: [HTTPRequest.Method] {
        Self.allowed(nodes.flatMap { $0.routes.map(\.method) + ($0.rest == nil ? [] : [.get]) })
    }

    /// `methods` without repeats, with those that come by themselves.
    private static func allowed(_ methods: [HTTPRequest.Method]) -> [HTTPRequest.Method] {
        let implied = methods.contains(.get) ? [.head, .options] : [HTTPRequest.Method.options]
        return Set(methods + implied).sorted { $0.rawValue < $1.rawValue }
    }

    /// One walk from the root towards the leaves: literal parts first, then parameters; the nearest `rest` only if no
    /// pattern fits.
    private struct Search {
        let nodes: UnsafeBufferPointer<Node>
        let text: UnsafeBufferPointer<UInt8>
        let method: HTTPRequest.Method
        var values: [String] = []
        var found: Route?
        var rest: Route?
        /// Methods of the patterns that fit but for the method.
        var otherMethods: [HTTPRequest.Method] = []

        mutating func walk(_ path: UnsafeBufferPointer<UInt8>) {
            descend(0, path)
        }

        var result: Match {
            if let route = found {
                let parameters =
                    values.isEmpty ? PathParameters() : PathParameters(names: route.parameterNames, values: values)
                return .route(route, parameters)
            }
            if !otherMethods.isEmpty { return other(otherMethods) }
            // Only reading a file could tell whether there is one, so other methods find nothing here.
            if let rest, method == .get || method == .head { return .route(rest, PathParameters()) }
            return .failure(.notFound)
        }

        private func other(_ methods: [HTTPRequest.Method]) -> Match {
            let allowed = RouteTrie.allowed(methods)
            return method == .options ? .options(allowed) : .failure(.methodNotAllowed(allowed))
        }

        /// - Parameter path: what follows the slash after the part that led to `node`; nil at the end of the path.
        private mutating func descend(_ node: Int, _ path: UnsafeBufferPointer<UInt8>?) {
            guard let path else { return arrive(node) }
            if nodes[node].rest != nil { rest = nodes[node].rest }
            let slash = path.firstIndex(of: UInt8(ascii: "/"))
            let part = UnsafeBufferPointer(rebasing: path[..<(slash ?? path.endIndex)])
            let remainder = slash.map { UnsafeBufferPointer(rebasing: path[($0 + 1)...]) }
            let decoded = part.contains(UInt8(ascii: "%")) ? PercentCoding.decode(part) : nil
            for index in nodes[node].literals.indices {
                let literal = nodes[node].literals[index]
                let text = text[literal.text]
                guard decoded?.elementsEqual(text) ?? text.elementsEqual(part) else { continue }
                descend(literal.node, remainder)
                if found != nil { return }
            }
            guard let parameter = nodes[node].parameter, !part.isEmpty else { return }
            values.append(String(decoding: decoded ?? Array(part), as: UTF8.self))
            descend(parameter, remainder)
            if found == nil { values.removeLast() }
        }

        private mutating func arrive(_ node: Int) {
            let routes = nodes[node].routes
            let exact = routes.first { $0.method == method }
            if let route = exact ?? (method == .head ? routes.first { $0.method == .get } : nil) {
                found = route
            } else {
                otherMethods += routes.map(\.method)
            }
        }
    }
}
