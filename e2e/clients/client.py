"""Uploads files with one of Python's HTTP clients: client.py CLIENT. Jobs come as JSON on standard input, answers leave
as JSON on standard output."""

import http.client
import json
import mimetypes
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

import httpx
import requests


def headers_of(job):
    return {"Authorization": "Bearer " + job["token"], "kbn-xsrf": "true", "X-Test-Id": job["id"]}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def own_form(job):
    """The form as people write it by hand: the standard library has none."""
    boundary = uuid.uuid4().hex
    name = os.path.basename(job["file"])
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    parts = []
    if job["title"]:
        parts.append('--%s\r\nContent-Disposition: form-data; name="filename"\r\n\r\n%s\r\n' % (boundary, job["title"]))
    parts.append(
        '--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: %s\r\n\r\n'
        % (boundary, name, guessed)
    )
    body = "".join(parts).encode() + read(job["file"]) + ("\r\n--%s--\r\n" % boundary).encode()
    return body, "multipart/form-data; boundary=" + boundary


def with_http_client(job):
    body, content_type = own_form(job)
    url = urllib.parse.urlsplit(job["url"])
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("POST", url.path, body, {**headers_of(job), "Content-Type": content_type})
    response = connection.getresponse()
    return response.status, response.getheader("X-Casegate-Code") or "", response.read().decode()


def with_urllib(job):
    body, content_type = own_form(job)
    request = urllib.request.Request(job["url"], body, {**headers_of(job), "Content-Type": content_type}, method="POST")
    try:
        response = urllib.request.urlopen(request)
    except urllib.error.HTTPError as refused:
        response = refused
    return response.status, response.headers.get("X-Casegate-Code") or "", response.read().decode()


def with_requests(job):
    with open(job["file"], "rb") as file:
        data = {"filename": job["title"]} if job["title"] else None
        response = requests.post(job["url"], headers=headers_of(job), files={"file": file}, data=data)
    return response.status_code, response.headers.get("X-Casegate-Code") or "", response.text


def with_httpx(job):
    with open(job["file"], "rb") as file:
        data = {"filename": job["title"]} if job["title"] else None
        response = httpx.post(job["url"], headers=headers_of(job), files={"file": file}, data=data)
    return response.status_code, response.headers.get("X-Casegate-Code") or "", response.text


clients = {"http.client": with_http_client, "urllib": with_urllib, "requests": with_requests, "httpx": with_httpx}
send = clients[sys.argv[1]]
answers = []
for job in json.load(sys.stdin):
    status, code, body = send(job)
    answers.append({"status": status, "code": code, "body": body})
json.dump(answers, sys.stdout)
