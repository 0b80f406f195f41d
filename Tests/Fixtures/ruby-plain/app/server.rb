require "webrick"

server = WEBrick::HTTPServer.new(Port: ENV.fetch("PORT", 8080))
server.mount_proc("/") { |_, response| response.body = "hello\n" }
trap("TERM") { server.shutdown }
server.start
