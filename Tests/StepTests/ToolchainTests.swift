import Platform
import TestSupport
import Testing

/// An app of each further language whose toolchain Debian has: built in the sandbox, run, asked on PORT.
@Suite("Apps of other languages", .serialized)
struct ToolchainTests {
    @Test("plain PHP is served as it is")
    func plainPHP() async throws {
        let fixture = try await Toolchain(name: "php").fixture()
        try fixture.app(["index.php": "<?php echo 'hello from ', 'php';\n"])
        try await fixture.check(steps: [], page: "hello from php")
    }

    @Test("PHP with a package of its own is installed by Composer, and its front page answers")
    func composer() async throws {
        let fixture = try await Toolchain(name: "php").fixture()
        try fixture.app([
            "composer.json": """
            {"repositories": [{"type": "path", "url": "packages/greet", "options": {"symlink": false}}, {"packagist.org": false}],
             "require": {"example/greet": "1.0.0"}}
            """,
            "packages/greet/composer.json": """
            {"name": "example/greet", "version": "1.0.0", "autoload": {"psr-4": {"Greet\\\\": "src/"}}}
            """,
            "packages/greet/src/Greeter.php": """
            <?php
            namespace Greet;
            class Greeter { public static function hello(string $name): string { return "hello from $name"; } }
            """,
            "public/index.php": """
            <?php
            require __DIR__ . '/../vendor/autoload.php';
            echo Greet\\Greeter::hello('composer');
            """,
        ])
        try await fixture.check(steps: ["install"], page: "hello from composer")
    }
}
