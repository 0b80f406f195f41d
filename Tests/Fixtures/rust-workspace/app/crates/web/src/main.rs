use std::io::Write;
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or("8080".into());
    for stream in TcpListener::bind(format!("0.0.0.0:{port}"))?.incoming() {
        write!(stream?, "HTTP/1.0 200 OK\r\n\r\n{}", core_lib::text())?;
    }
    Ok(())
}
