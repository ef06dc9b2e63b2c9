# Makes a container in Azurite: create_container ENDPOINT ACCOUNT KEY NAME.
# The service wants the request signed (scheme "Shared Key"), which the standard
# library can do.
import base64, hashlib, hmac, sys, urllib.request
from email.utils import formatdate

endpoint, account, key, name = sys.argv[1:]
headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
# Verb, then eleven standard headers that are all empty here, ours, the resource.
# The account stands twice in an emulator's resource: once in its path.
canonical = "".join(f"{k}:{v}\n" for k, v in sorted(headers.items()))
text = "PUT" + "\n" * 12 + canonical + f"/{account}/{account}/{name}\nrestype:container"
digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(digest).decode()}"
headers["Content-Type"] = ""
url = f"{endpoint}/{name}?restype=container"
urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=headers))
