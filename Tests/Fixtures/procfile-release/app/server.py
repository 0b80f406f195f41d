import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "hello\n"


if __name__ == "__main__":
    app.run("0.0.0.0", int(os.environ.get("PORT", "5000")))
