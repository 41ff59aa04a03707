import Emotion
import HTTPTypes
import JSON
import Testing

@testable import Service

@Suite struct RecipeRouteTests {
    @Test func tellsTheHyperparametersOfEveryRecipe() async throws {
        let service = try TestService.make()
        let reply = try await service.get("/v1/recipes")
        #expect(reply.status == 200)
        let recipes = try reply.json["data"].elements
        #expect(recipes.compactMap { $0["name"].text } == ["paper", "reference"])
        for recipe in recipes {
            #expect(Set(recipe["hyperparameters"].members.keys) == Set(Hyperparameters.fields.map(\.name)))
        }
        #expect(recipes.compactMap { $0["hyperparameters"]["loss"].text } == ["bce", "asymmetric"])
    }
}
