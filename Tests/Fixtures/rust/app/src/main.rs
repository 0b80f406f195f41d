use std::io::Write;

fn main() {
    let port = std::env::var("PORT").unwrap();
    for stream in std::net::TcpListener::bind(format!("0.0.0.0:{port}")).unwrap().incoming() {
        let _ = stream.unwrap().write_all(b"HTTP/1.0 200 OK\r\n\r\nhello\n");
    }
}
