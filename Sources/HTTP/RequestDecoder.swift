extension RequestHead {
    static func parse(_ text: String) -> RequestHead { fatalError() }
}
