import Foundation
import HTTPTypes
import Testing

@testable import Service

@Suite struct PagePolicyTests {
    /// What the policy forbids would only be noticed in a browser.
    @Test func thePageHoldsNothingThatItsPolicyForbids() async throws {
        let service = try TestService.make { $0.publicDirectory = TestService.root.appending(path: "Public") }
        let page = try await service.get("/")
        let policy = try #require(page.fields[.contentSecurityPolicy])
        #expect(policy.hasPrefix("default-src 'self';") && !policy.contains("unsafe"))
        #expect(page.fields[.xContentTypeOptions] == "nosniff")
        let text = String(decoding: page.bytes, as: UTF8.self)
        #expect(text.firstMatch(of: /<script(?![^>]* src=)|<style| style=| on[a-z]+=|https?:/) == nil)
        let style = try await service.get("/style.css")
        #expect(style.fields[.contentSecurityPolicy] == policy)
    }
}
