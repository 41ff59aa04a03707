import Testing

@testable import Service

struct PrometheusTextTests {
    @Test func familiesAndSamplesAreLines() {
        var text = PrometheusText()
        text.family("limbic_things", .gauge, "Things.")
        text.sample("limbic_things", 3)
        text.sample("limbic_things", 0.5, [("name", "a \"b\"\\\n"), ("other", "")])
        #expect(
            text.text == """
                # HELP limbic_things Things.
                # TYPE limbic_things gauge
                limbic_things 3
                limbic_things{name="a \\"b\\"\\\\\\n",other=""} 0.5

                """)
    }
}
