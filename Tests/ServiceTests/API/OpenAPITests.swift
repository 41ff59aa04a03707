import JSON
import HTTPTypes
import Testing

@testable import HTTP
@testable import Service

struct OpenAPITests {
    @Test func describesEveryOperationWithEveryField() async throws {
        let service = try TestService.make()
        let reply = try await service.get("/openapi.json")
        #expect(reply.status == 200 && reply.fields[.contentType] == "application/json")
        let document = try reply.json
        #expect(document["openapi"].text == "3.1.0")
        let described = document["paths"].members.values.reduce(0) { $0 + $1.members.count }
        #expect(described == service.backend.operations.count)
        for operation in service.backend.operations {
            let entry = document["paths"][operation.pattern][operation.method.rawValue.lowercased()]
            #expect(entry["operationId"].text == operation.id && entry["summary"].text == operation.summary)
            let parameters = Set(entry["parameters"].elements.compactMap { $0["name"].text })
            #expect(parameters == Set((operation.path + operation.query + operation.header).map(\.name)))
            let statuses = operation.answers.map(\.status.code) + operation.allFailures.map(\.code)
            #expect(Set(entry["responses"].members.keys) == Set(statuses.map(String.init)))
            #expect(Set(entry["requestBody"]["content"].members.keys) == Set(operation.mediaTypes))
            // What the pattern names is described, and nothing else.
            let names = RouteTrie.parts(of: operation.pattern).compactMap { part in
                if case .parameter(let name) = part { name } else { nil }
            }
            #expect(names == operation.path.map(\.name))
        }
        #expect(Set(service.backend.operations.map(\.id)).count == service.backend.operations.count)
        let job = document["components"]["schemas"]["JobRequest"]
        #expect(job["properties"]["seed"]["minimum"] == .integer(0) && job["required"] == ["dataset", "model"])
        let settings = document["components"]["schemas"]["HyperparameterSettings"]["properties"]
        #expect(settings["d_model"]["maximum"] == .integer(8192))
        #expect(settings["atm"]["enum"].elements.contains("no_reversal"))
        let tag = try #require(reply.fields[.eTag])
        #expect(try await service.send(.get, "/openapi.json", fields: [.ifNoneMatch: tag]).status == 304)
    }

    /// Every reference leads to a component.
    @Test func refersToWhatIsThere() async throws {
        let document = try await TestService.make().get("/openapi.json").json
        func visit(_ value: JSONValue) {
            if let reference = value["$ref"].text {
                let name = String(reference.dropFirst("#/components/schemas/".count))
                #expect(document["components"]["schemas"][name]["type"].text != nil, "\(reference)")
            }
            value.elements.forEach(visit)
            value.members.values.forEach(visit)
        }
        visit(document)
    }
}
