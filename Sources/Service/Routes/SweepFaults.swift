/// What is wrong with the cells of a sweep, told once for each place in the request.
struct SweepFaults {
    private let request: SweepRequest
    private var errors = FieldErrors()
    private var pointers: Set<String> = []

    init(of request: SweepRequest) { self.request = request }

    mutating func add(_ field: String, _ reason: String, cell: Int, named name: String) {
        let pointer = request.pointer(to: field, ofCell: cell)
        if pointers.insert(pointer).inserted { errors.add(pointer, "cell \(name.quoted): \(field): \(reason)") }
    }

    /// - Throws: ``Problem`` with all that was added, where something was.
    func check() throws(Problem) {
        guard errors.isEmpty else { throw .invalid(errors) }
    }
}
