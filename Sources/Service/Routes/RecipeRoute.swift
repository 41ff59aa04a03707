import Emotion
import HTTP
import HTTPTypes

/// `GET /v1/recipes`: what the hyperparameters of a job are where it does not say.
enum RecipeRoute {
    static let operation = Operation(
        id: "listRecipes", method: .get, pattern: "/v1/recipes", tag: "jobs", scope: .predict,
        summary: "List recipes, the default first, with the hyperparameters that a job of each begins with",
        answers: [.init(summary: "All recipes", content: .json(Paging.schema(of: RecipeView.schema)))],
        handler: .immediate { _ in
            .encoding(ListDocument(data: Recipe.allCases.map { RecipeView($0) }, hasMore: false))
        }
    )
}

/// A recipe as clients see it.
private struct RecipeView: Encodable {
    private let object = "recipe"
    private let name: String
    private let hyperparameters: Hyperparameters

    init(_ recipe: Recipe) {
        name = recipe.rawValue
        hyperparameters = recipe.hyperparameters
    }

    static let schema = Schema.object([
        .init("object", .words(["recipe"])), .init("name", .string()),
        .init("hyperparameters", Hyperparameters.schema),
    ]).named("Recipe")
}
