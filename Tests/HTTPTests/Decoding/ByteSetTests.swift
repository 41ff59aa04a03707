import Testing

@testable import HTTP

struct ByteSetTests {
    @Test func theNumbersAreTheCharactersOfTheGrammar() {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        for (set, others) in [
            (ByteSet.token, "!#$%&'*+-.^_`|~"), (.target, "-._~!$&'()*+,;=:@/?%[]"), (.host, "-._~!$&'()*+,;=%"),
            (.futureHost, "-._~!$&'()*+,;=:"),
        ] {
            let members = (letters + others).utf8
            for byte in UInt8.min...UInt8.max { #expect(set.contains(byte) == members.contains(byte)) }
        }
    }
}
