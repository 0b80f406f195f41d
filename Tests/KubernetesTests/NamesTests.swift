import BuildModel
import Testing

@testable import Kubernetes

@Suite("Names and labels are made of ids")
struct NamesTests {
    @Test(
        "an id that is a DNS label names its objects as it is",
        arguments: ["shop", "a", "my-shop-2", String(repeating: "x", count: 46)]
    )
    func plain(id: String) {
        #expect(ObjectName.make(projectID: id) == id)
    }

    @Test(
        "any other id becomes a label with a hash",
        arguments: [
            ("Shop", "shop-"), ("my_shop", "my-shop-"), ("a.b:c", "a-b-c-"), ("9lives", "p-9lives-"),
            ("123e4567-e89b-12d3-a456-426614174000", "p-123e4567-e89b-12d3-a456-426-"),
            ("shop-", "shop-"), ("shop-0123456789abcdef", "shop-0123456789abcdef-"), ("", "p-"), ("-", "p-"),
            ("Ünïcödé", "n--c--d-"), ("../../etc", "etc-"), ("a\u{0}b\nc", "a-b-c-"),
            (String(repeating: "x", count: 47), String(repeating: "x", count: 29) + "-"),
        ]
    )
    func hashed(id: String, prefix: String) {
        let name = ObjectName.make(projectID: id)
        #expect(name.hasPrefix(prefix))
        #expect(name != id)
        #expect(ObjectName.isLabel(name))
        #expect(name.utf8.count <= ObjectName.maximum)
    }

    @Test(
        "a build's id stands in names as it is where that gives names",
        arguments: [
            "d1", "42", "3f2a9c10-1b2c-4d5e-8f90-aabbccddeeff", "b1-0123456789abcdef",
            String(repeating: "x", count: 52),
        ]
    )
    func plainBuild(id: String) {
        #expect(ObjectName.make(buildID: id) { ObjectName.isLabel("deployment-\($0)") } == id)
    }

    @Test(
        "a build's id that gives none has a hash, and no other id is like that",
        arguments: ["D1", "a.b", "a:b", "d1-", "d-x0123456789abcdef", String(repeating: "x", count: 53)]
    )
    func hashedBuild(id: String) {
        let fits: (String) -> Bool = { ObjectName.isLabel("deployment-\($0)") }
        let name = ObjectName.make(buildID: id, fits: fits)
        #expect(name != id && fits(name))
        #expect(ObjectName.make(buildID: name, fits: fits) != name)
    }

    @Test("ids that read alike have different names, also when one is the other's name")
    func distinct() {
        let ids = ["shop.a", "shop_a", "shop-a", "Shop-a", "shop:a"]
        let names = ids + ids.map(ObjectName.make(projectID:))
        let all = Set(names).map(ObjectName.make(projectID:))
        #expect(Set(all).count == Set(names).count)
    }

    @Test(
        "a value that a label can have stays as it is",
        arguments: ["d1", "A_b.c-D", String(repeating: "x", count: 63), ""]
    )
    func labelKept(text: String) {
        #expect(LabelValue.make(text) == text)
    }

    @Test(
        "any other value becomes one with a hash",
        arguments: [
            ("a:b", "a-b-"), ("d1-", "d1-"), (".d1", "d1-"), (String(repeating: "x", count: 64), "xxxx"), ("::", ""),
            ("naïve\n", "na--ve-"),
        ]
    )
    func labelHashed(text: String, prefix: String) {
        let value = LabelValue.make(text)
        #expect(value.hasPrefix(prefix))
        #expect(value != text)
        #expect(LabelValue.isValid(value))
        #expect(!value.isEmpty)
    }

    @Test(
        "quantities of Kubernetes are known",
        arguments: ["1", "0.5", "500m", "128Mi", "1e3", "1E-2", "2Ei", ".5", "5."]
    )
    func quantity(text: String) {
        #expect(Quantity.isValid(text))
    }

    @Test(
        "other texts are no quantities",
        arguments: [
            "", "-1", "+1", "m", "1mi", "1 Gi", "1.2.3", ".", "1e", "1e999", "lots", "１", "128MiB", "0x10", "1e+-2",
        ]
    )
    func noQuantity(text: String) {
        #expect(!Quantity.isValid(text))
    }
}
