"""A small Flask app: a template, a static file, modules imported when first asked for."""

from flask import Flask, jsonify, render_template

app = Flask(__name__)


@app.get("/")
def index() -> str:
    return render_template("index.html", goods=["copper kettle", "wool blanket"])


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.get("/database")
def database():
    import sqlite3

    with sqlite3.connect(":memory:") as connection:
        (version,) = connection.execute("select count(*) from pragma_compile_options").fetchone()
    return jsonify(options=version)


@app.get("/client")
def client():
    """An HTTP client brings its own CA bundle, and reads it only when it makes a context."""
    import ssl

    import requests

    context = ssl.create_default_context(cafile=requests.certs.where())
    return jsonify(trusted=len(context.get_ca_certs()), client=requests.__name__)


@app.get("/encodings")
def encodings():
    text = "日本語".encode("shift_jis").decode("shift_jis")
    return jsonify(text=text, idna="bücher.example".encode("idna").decode())
