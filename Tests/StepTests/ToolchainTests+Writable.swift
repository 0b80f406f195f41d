import TestSupport
import Testing

/// What Rails and Symfony write beside the source, written by stand-ins: their own packages are not among what Debian's images have.
extension ToolchainTests {
    @Test("an app that looks like Rails writes what Rails writes as its user, and cannot change its code")
    func rails() async throws {
        let (fixture, registry) = try await ruby()
        try fixture.app([
            "Gemfile": "source \"\(registry.url)\"\ngem \"rack\"\ngem \"rackup\"\n",
            "config/application.rb": "", "tmp/.keep": "", "log/.keep": "", "storage/.keep": "",
            "slipway.yaml": """
            start: bundle exec ruby bin/rails server
            writable: [/app/tmp, /app/log, /app/storage]
            """,
            "bin/rails": """
            require "fileutils"
            require "rackup"

            places = %w[tmp/pids/server.pid tmp/cache/assets/a log/production.log storage/production.sqlite3]
            places.each do |place|
              FileUtils.mkdir_p(File.dirname(place))
              File.write(place, "x")
            end
            begin
              File.write("config/application.rb", "x")
              code = "changed"
            rescue Errno::EACCES
              code = "kept"
            end
            page = "#{Process.uid} wrote #{places.count { |place| File.size?(place) }}, code is #{code}"
            app = ->(environment) { [200, {"content-type" => "text/plain"}, [page]] }
            Rackup::Server.start(app: app, Host: "0.0.0.0", Port: ENV.fetch("PORT"), environment: "production")
            """,
        ])
        try await fixture.check(steps: ["install"], page: "65532 wrote 4, code is kept")
    }

    @Test("an app that looks like Symfony writes its cache and its log as its user, and cannot change its code")
    func symfony() async throws {
        let fixture = try await Toolchain(name: "php").fixture()
        try fixture.app([
            "slipway.yaml": "writable: [/app/var]\n", "var/.keep": "",
            "public/index.php": """
            <?php
            $places = ['../var/cache/prod/pools/a', '../var/log/prod.log'];
            foreach ($places as $place) {
                if (!is_dir(dirname($place))) mkdir(dirname($place), 0777, true);
                file_put_contents($place, 'x');
            }
            $code = @file_put_contents('index.php', 'x') === false ? 'kept' : 'changed';
            echo fileowner($places[0]), ' wrote ', count(array_filter($places, 'is_file')), ', code is ', $code;
            """,
        ])
        try await fixture.check(steps: [], page: "65532 wrote 2, code is kept")
    }
}
