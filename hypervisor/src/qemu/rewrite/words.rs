//! The words of a QEMU command line.

use serde_json::Value as Json;

/// Options whose values have members.
const WITH_MEMBERS: [&str; 11] = [
    "-blockdev",
    "-drive",
    "-device",
    "-chardev",
    "-name",
    "-smbios",
    "-machine",
    "-M",
    "-nic",
    "-net",
    "-netdev",
];

/// A command line.
#[derive(Clone, Debug)]
pub(super) struct Words {
    program: String,
    pub(super) all: Vec<Word>,
}

/// An option with its value, if it has one; or a value by itself.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The option, with one hyphen.
    pub(super) option: Option<String>,
    /// The value of an option whose value has members.
    pub(super) value: Option<Value>,
    /// Any other value.
    pub(super) raw: Option<String>,
}

impl Word {
    /// Whether it is one of these options.
    pub(super) fn is(&self, options: &[&str]) -> bool {
        self.option.as_deref().is_some_and(|o| options.contains(&o))
    }
}

impl Words {
    /// `None` if there are no words at all.
    pub(super) fn parse(arguments: &[String]) -> Option<Self> {
        let (program, rest) = arguments.split_first()?;
        let mut all = Vec::new();
        let mut rest = rest.iter().peekable();
        while let Some(word) = rest.next() {
            if !word.starts_with('-') || word == "-" {
                all.push(Word {
                    option: None,
                    value: None,
                    raw: Some(word.clone()),
                });
                continue;
            }
            let option = if word.starts_with("--") {
                &word[1..]
            } else {
                word
            };
            let value = rest.next_if(|next| !next.starts_with('-') || *next == "-");
            let members = WITH_MEMBERS.contains(&option);
            all.push(Word {
                option: Some(option.to_owned()),
                value: value.filter(|_| members).map(|v| Value::parse(v)),
                raw: value.filter(|_| !members).cloned(),
            });
        }
        Some(Self {
            program: program.clone(),
            all,
        })
    }

    pub(super) fn to_arguments(&self) -> Vec<String> {
        let mut out = vec![self.program.clone()];
        for word in &self.all {
            out.extend(word.option.clone());
            out.extend(word.value.as_ref().map(Value::to_text));
            out.extend(word.raw.clone());
        }
        out
    }

    /// The values of these options.
    pub(super) fn of(&mut self, options: &[&str]) -> impl Iterator<Item = &mut Value> {
        self.all
            .iter_mut()
            .filter(|w| w.is(options))
            .filter_map(|w| w.value.as_mut())
    }

    pub(super) fn remove(&mut self, options: &[&str]) {
        self.all.retain(|w| !w.is(options));
    }

    pub(super) fn add(&mut self, option: &str, raw: &str) {
        let option = Some(option.to_owned());
        self.all.push(Word {
            option,
            value: None,
            raw: Some(raw.to_owned()),
        });
    }
}

/// A value with members: JSON, or `first,key=value,…`, in which `,,` is a comma.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Json(Json),
    List(Vec<(String, Option<String>)>),
}

impl Value {
    fn parse(text: &str) -> Self {
        if text.starts_with('{')
            && let Ok(json) = serde_json::from_str(text)
        {
            return Self::Json(json);
        }
        let items = text.replace(",,", "\0");
        let item = |item: &str| {
            let item = item.replace('\0', ",");
            match item.split_once('=') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                None => (item, None),
            }
        };
        Self::List(items.split(',').map(item).collect())
    }

    /// With this word before members that are still to come.
    pub(super) fn new(first: &str) -> Self {
        Self::List(vec![(first.to_owned(), None)])
    }

    fn to_text(&self) -> String {
        let escaped = |s: &str| s.replace(',', ",,");
        match self {
            Self::Json(json) => json.to_string(),
            Self::List(items) => {
                let items = items.iter().map(|(key, value)| match value {
                    Some(value) => format!("{key}={}", escaped(value)),
                    None => escaped(key),
                });
                items.collect::<Vec<_>>().join(",")
            }
        }
    }

    /// The value of the member `key`, whose parts are divided by dots. A word without a value
    /// is on.
    pub(super) fn get(&self, key: &str) -> Option<String> {
        match self {
            Self::Json(json) => match json.pointer(&pointer(key))? {
                Json::String(text) => Some(text.clone()),
                Json::Object(_) | Json::Array(_) | Json::Null => None,
                other => Some(other.to_string()),
            },
            Self::List(items) => {
                let found = items.iter().rfind(|(k, _)| k == key)?;
                Some(found.1.clone().unwrap_or_else(|| "on".to_owned()))
            }
        }
    }

    /// Sets a member; a new one is added at the end.
    pub(super) fn set(&mut self, key: &str, to: &str) {
        match self {
            Self::Json(json) => {
                if let Some(found) = json.pointer_mut(&pointer(key)) {
                    *found = to.into();
                } else if let Some(object) = json.as_object_mut() {
                    object.insert(key.to_owned(), to.into());
                }
            }
            Self::List(items) => match items.iter_mut().rfind(|(k, _)| k == key) {
                Some(found) => found.1 = Some(to.to_owned()),
                None => items.push((key.to_owned(), Some(to.to_owned()))),
            },
        }
    }

    /// Removes a member and all below it. Gives its value, if it was a text.
    pub(super) fn remove(&mut self, key: &str) -> Option<String> {
        let old = self.get(key);
        match self {
            Self::Json(json) => {
                let path = pointer(key);
                let (parent, name) = path.rsplit_once('/').unwrap_or(("", key));
                if let Some(object) = json.pointer_mut(parent).and_then(Json::as_object_mut) {
                    object.remove(name);
                }
            }
            Self::List(items) => {
                let below = format!("{key}.");
                items.retain(|(k, _)| k != key && !k.starts_with(&below));
            }
        }
        old
    }

    /// The word before the members: a driver, a backend, a name.
    pub(super) fn first(&self) -> Option<String> {
        match self {
            Self::Json(_) => self.get("backend").or_else(|| self.get("driver")),
            Self::List(items) => {
                let (key, value) = items.first()?;
                value.is_none().then(|| key.clone())
            }
        }
    }

    /// Puts another word before the members.
    pub(super) fn set_first(&mut self, word: &str) {
        if let Self::List(items) = self {
            match items.first_mut().filter(|(_, value)| value.is_none()) {
                Some(first) => word.clone_into(&mut first.0),
                None => items.insert(0, (word.to_owned(), None)),
            }
        }
    }
}

fn pointer(key: &str) -> String {
    format!("/{}", key.replace('.', "/"))
}
