"""Holds a server's real answers against its OpenAPI description."""
import os
import re
import urllib.parse

import jsonschema
import yaml

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "api")


class Description:
    def __init__(self, name):
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            self.document = yaml.safe_load(file)
        self.resolver = jsonschema.RefResolver("", self.document)
        # A path without parameters goes before one with them.
        self.patterns = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path)
                         for path in sorted(self.document["paths"],
                                            key=lambda path: ("{" in path, path))]

    def operations(self):
        """(method, path, whether it takes a token) of all that is described."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    yield method.upper(), path, operation.get("security") != []

    def resolved(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def hold(self, schema, document):
        """Raises when the document is not as one of the schemas by name."""
        jsonschema.Draft202012Validator({"$ref": "#/components/schemas/" + schema},
                                        resolver=self.resolver).validate(document)

    def check(self, method, target, status, kind, document):
        """Raises AssertionError when the answer is none that the description has."""
        path = urllib.parse.urlsplit(target).path
        found = next((name for pattern, name in self.patterns if pattern.fullmatch(path)), None)
        if found is None:
            assert status == 404, f"{path} is not described, but answers {status}"
            return
        operation = self.document["paths"][found].get(method.lower())
        if operation is None:
            assert status == 405, f"{method} {found} is not described, but answers {status}"
            return
        answers = operation["responses"]
        assert str(status) in answers or status >= 400, f"{method} {found} answers {status}"
        answer = self.resolved(answers.get(str(status), answers.get("default", {})))
        content = answer.get("content", {})
        if not content:
            assert not kind, f"{method} {found} answers {status} with {kind}"
            return
        assert kind in content, f"{method} {found} answers {status} with {kind}"
        if "json" in kind:
            jsonschema.Draft202012Validator(content[kind]["schema"],
                                            resolver=self.resolver).validate(document)
