import Foundation
import Testing

@testable import Emotion

@Suite("Hyperparameters")
struct HyperparametersTests {
    @Test("the defaults are those of the paper")
    func paper() {
        let values = Hyperparameters().values
        #expect(values["d_model"] == .number(512))
        #expect(values["learning_rate"] == .number(5e-5))
        #expect(values["classifier"] == .string("per_label"))
    }

    @Test("every field reads back what it was set to", arguments: Hyperparameters.fields.map(\.name))
    func roundTrip(name: String) throws {
        let field = try Hyperparameters.field(name)
        let values: [HyperparameterValue] =
            switch field.domain {
            case .integer(let range): [.number(Double(range.upperBound)), .number(Double(range.lowerBound))]
            case .number(let range): [.number(range.upperBound), .number(range.lowerBound)]
            case .boolean: [.boolean(true), .boolean(false)]
            case .choice(let words): words.map(HyperparameterValue.string)
            case .names(let words): [.list(words ?? ["text", "audio"]), .list([(words ?? ["text"])[0]])]
            }
        for value in values {
            var hyperparameters = Hyperparameters()
            try field.set(value, in: &hyperparameters)
            guard case .number(let set) = value, case .number(let read) = field.read(hyperparameters) else {
                #expect(field.read(hyperparameters) == value)
                continue
            }
            #expect(abs(set - read) <= 1e-6 * abs(set))
        }
    }

    @Test("what is wrong is told with name, value and range")
    func errors() {
        let errors = #expect(throws: HyperparameterErrors.self) {
            try Hyperparameters().setting([
                "d_modle": .number(64), "dropout": .number(2), "epochs": .number(1.5), "schedule": .boolean(true),
            ])
        }
        #expect(errors?.errors.map(\.name) == ["d_modle", "dropout", "epochs", "schedule"])
        #expect(errors?.errors[1].reason == "2 is not a number from 0.0 to 0.95")
        #expect(errors?.errors[2].reason == "1.5 is not an integer from 1 to 100000")
        #expect(errors?.errors[3].reason == "true is not one of cosine, constant")
        #expect(errors?.errors[0].reason.contains("d_model") == true)
    }

    @Test("numbers that no range holds are refused", arguments: [Double.nan, .infinity, -.infinity, 1e300])
    func nonsense(number: Double) {
        for field in Hyperparameters.fields {
            #expect(throws: HyperparameterErrors.self) { try Hyperparameters().setting([field.name: .number(number)]) }
        }
    }

    @Test("the width must divide into the heads")
    func heads() throws {
        #expect(throws: HyperparameterErrors.self) {
            try Hyperparameters().setting(["d_model": .number(100), "heads": .number(8)])
        }
        let narrow = try Hyperparameters().setting(["d_model": .number(96)])
        #expect(narrow.modelWidth == 96)
    }

    @Test("values of the command line")
    func arguments() {
        #expect(HyperparameterValue(argument: "3e-4") == .number(3e-4))
        #expect(HyperparameterValue(argument: "true") == .boolean(true))
        #expect(HyperparameterValue(argument: "cosine") == .string("cosine"))
    }

    @Test("encoding and decoding keep all values")
    func coding() throws {
        let changed = try Hyperparameters().setting(["d_model": .number(64), "learning_rate": .number(3e-4)])
        let data = try JSONEncoder().encode(changed)
        #expect(try JSONDecoder().decode(Hyperparameters.self, from: data) == changed)
    }
}
