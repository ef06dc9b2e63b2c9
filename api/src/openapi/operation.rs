//! What the document tells of a route.

use serde_json::{Map, Value, json};

use super::schema::{list, model, object, text_about};

/// What the document tells of a route: built up by one word each.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    id: &'static str,
    /// What tells it from the same operation at another scope.
    at: &'static str,
    summary: &'static str,
    takes: Option<(&'static str, Value)>,
    gives: Vec<(u16, Value)>,
    query: Vec<Value>,
    open: bool,
    /// What an open one asks for instead of a token.
    proofs: &'static [&'static str],
}

/// An operation, named as Azure's SDKs name theirs (`Noun_Verb`), and what it does.
pub(crate) fn op(id: &'static str, summary: &'static str) -> Operation {
    Operation {
        id,
        at: "",
        summary,
        takes: None,
        gives: Vec::new(),
        query: Vec::new(),
        open: false,
        proofs: &[],
    }
}

impl Operation {
    /// The same operation at another scope, which its name ends with.
    pub(crate) fn at(mut self, scope: &'static str) -> Self {
        self.at = scope;
        self
    }

    /// Its body is JSON, and this model.
    pub(crate) fn takes(mut self, name: &'static str) -> Self {
        self.takes = Some(("application/json", model(name)));
        self
    }

    /// Its body is a form, and this model.
    pub(crate) fn takes_form(mut self, name: &'static str) -> Self {
        self.takes = Some(("application/x-www-form-urlencoded", model(name)));
        self
    }

    /// It is answered with this status, and this model.
    pub(crate) fn gives(self, status: u16, name: &str) -> Self {
        self.answer(status, Some(model(name)), &[])
    }

    /// It is answered with 200, and one of these models.
    pub(crate) fn is(self, name: &str) -> Self {
        self.gives(200, name)
    }

    /// A PUT: 201 if it made the resource, 200 if it changed it.
    pub(crate) fn puts(self, takes: &'static str, name: &str) -> Self {
        self.takes(takes).gives(200, name).gives(201, name)
    }

    /// It is answered with server-sent events whose data is this model, and nothing in the last.
    pub(crate) fn streams(self, name: &str) -> Self {
        let data = json!({
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"anyOf": [model(name), {"type": "object", "maxProperties": 0}]},
        });
        let mut done = self.answer(200, None, &[]);
        if let Some((_, answer)) = done.gives.last_mut() {
            let event = json!({"type": "object", "properties": {"data": data}});
            answer["content"] = json!({"text/event-stream": {"schema": event}});
        }
        done
    }

    /// It is answered with this status and no body.
    pub(crate) fn nothing(self, status: u16) -> Self {
        self.answer(status, None, &[])
    }

    /// A list that is answered whole.
    pub(crate) fn list_of(self, name: &str) -> Self {
        let body = object([("value", list(model(name)))]);
        self.answer(200, Some(body), &[])
    }

    /// It comes in pages (G10): a part of its model is the link to the next.
    pub(crate) fn skips(mut self) -> Self {
        self.query
            .push(json!({"$ref": "#/components/parameters/SkipToken"}));
        self
    }

    /// A list that comes in pages (G10).
    pub(crate) fn pages_of(self, name: &str) -> Self {
        let next = text_about("Where the next page is; absent on the last.");
        let body = object([("value", list(model(name))), ("?nextLink", next)]);
        self.skips().answer(200, Some(body), &[])
    }

    /// What `$filter` may name.
    pub(crate) fn filters(self, names: &[&str]) -> Self {
        let what = format!(
            "`name eq 'value'`, of times also `ge` and `le`, joined by `and`. Names: {}.",
            names.join(", ")
        );
        self.query("$filter", text_about(&what))
    }

    /// A further parameter of the query.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "schemas are put together where they are written"
    )]
    pub(crate) fn query(mut self, name: &str, schema: Value) -> Self {
        self.query
            .push(json!({"name": name, "in": "query", "schema": schema}));
        self
    }

    /// Work that goes on after the answer (G14).
    pub(crate) fn accepted(self) -> Self {
        let headers = [
            ("Azure-AsyncOperation", "AsyncOperation"),
            ("Location", "Location"),
            ("Retry-After", "RetryAfter"),
        ];
        self.answer(202, None, &headers)
    }

    /// 202 with these headers only.
    pub(crate) fn accepted_with(self, headers: &[(&str, &str)]) -> Self {
        self.answer(202, None, headers)
    }

    /// It asks for no token and no api-version.
    pub(crate) fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// What it asks for instead of a token: security schemes of the document.
    pub(crate) fn proved_by(mut self, proofs: &'static [&'static str]) -> Self {
        self.proofs = proofs;
        self.query
            .push(json!({"$ref": "#/components/parameters/ApiVersion"}));
        self.open()
    }

    /// Its answers set the session's cookies, or take them away.
    pub(crate) fn sets_cookies(mut self) -> Self {
        for (_, answer) in &mut self.gives {
            answer["headers"]["Set-Cookie"] = json!({"$ref": "#/components/headers/SetCookie"});
        }
        self
    }

    fn answer(mut self, status: u16, body: Option<Value>, headers: &[(&str, &str)]) -> Self {
        let what = match status {
            200 => "Done.",
            201 => "Made.",
            202 => "Accepted: the work goes on.",
            204 => "Done, or there was nothing to do.",
            _ => "As the status says.",
        };
        let header = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
        let mut all = Map::new();
        all.insert("x-ms-request-id".to_owned(), header("RequestId"));
        all.extend(
            headers
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), header(kind))),
        );
        let mut answer = json!({"description": what, "headers": all});
        if let Some(body) = body {
            answer["content"] = json!({"application/json": {"schema": body}});
        }
        self.gives.push((status, answer));
        self
    }

    /// As it stands in the document, at this path.
    pub(super) fn describe(&self, path: &str) -> Value {
        let mut parameters: Vec<Value> = names(path).map(in_path).collect();
        let mut answers = Map::new();
        for (status, answer) in &self.gives {
            answers.insert(status.to_string(), answer.clone());
        }
        if !self.open {
            parameters.push(json!({"$ref": "#/components/parameters/ApiVersion"}));
            let token = json!({"$ref": "#/components/responses/Unauthorized"});
            answers.insert("401".to_owned(), token);
        }
        let error = json!({"$ref": "#/components/responses/Error"});
        answers.entry("default").or_insert(error);
        parameters.extend(self.query.iter().cloned());
        let noun = self.id.split('_').next().unwrap_or(self.id);
        let mut shown = json!({
            "operationId": format!("{}{}", self.id, self.at),
            "tags": [noun],
            "summary": self.summary,
            "parameters": parameters,
            "responses": answers,
        });
        if let Some((kind, body)) = &self.takes {
            let content = json!({*kind: {"schema": body}});
            shown["requestBody"] = json!({"required": true, "content": content});
        }
        if self.open {
            let proofs = self.proofs.iter().map(|p| ((*p).to_owned(), json!([])));
            let proofs: Map<String, Value> = proofs.collect();
            shown["security"] = match proofs.is_empty() {
                true => json!([]),
                false => json!([proofs]),
            };
        }
        shown
    }
}

/// The names in a path's template.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'))
}

fn in_path(name: &str) -> Value {
    let what = match name {
        "subscription" => "The subscription's GUID.",
        "group" => "The resource group's name.",
        "vault" => "The vault's name.",
        "fabric" => "`Azure`.",
        "container" => "`IaasVMContainer;iaasvmcontainerv2;GROUP;MACHINE`",
        "item" => "`VM;iaasvmcontainerv2;GROUP;MACHINE`",
        "point" => "The recovery point's number.",
        "namespace" => "A provider, such as `Microsoft.RecoveryServices`.",
        "kind" => "A type of the provider, such as `vaults`.",
        _ => "A name, or an id that an answer gave.",
    };
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": what,
        "schema": {"type": "string", "minLength": 1},
    })
}
