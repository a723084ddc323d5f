//! The modules of the crate as syntax trees, and what a name in one of them stands for.
//!
//! Does not follow glob imports: the crate has none outside its tests.

use std::collections::BTreeMap;
use std::path::Path;
use syn::{Attribute, Item, ItemMod, UseTree, Visibility};

/// The place of a module: the names from the root to it.
pub type Place = Vec<String>;

pub struct Module {
    pub items: Vec<Item>,
    /// The conditions of the module itself and of those around it.
    pub conditions: Vec<Attribute>,
}

pub struct Sources {
    pub modules: BTreeMap<Place, Module>,
}

impl Sources {
    pub fn read(src: &Path) -> Self {
        let mut sources = Self { modules: BTreeMap::new() };
        let items = parse(&src.join("lib.rs"));
        sources.add(Vec::new(), items, Vec::new(), src);
        sources
    }

    /// A crate of one file.
    pub fn of_text(text: &str) -> Self {
        let mut sources = Self { modules: BTreeMap::new() };
        let items = syn::parse_file(text).expect("the source parses").items;
        sources.add(Vec::new(), unwrapped(items), Vec::new(), Path::new("no other file"));
        sources
    }

    fn add(&mut self, place: Place, items: Vec<Item>, conditions: Vec<Attribute>, folder: &Path) {
        for item in &items {
            let Item::Mod(module) = item else { continue };
            if is_for_tests(&module.attrs) {
                continue;
            }
            let name = module.ident.to_string();
            let mut all = conditions.clone();
            all.extend(kept(&module.attrs, &["cfg"]));
            let inner = folder.join(&name);
            let items = content(module, folder, &inner);
            self.add([place.as_slice(), &[name]].concat(), items, all, &inner);
        }
        self.modules.insert(place, Module { items, conditions });
    }

    /// The module that defines what `name` stands for in `place`; `None` for what another crate defines.
    pub fn defining(&self, place: &[String], name: &str) -> Option<Place> {
        let module = self.modules.get(place)?;
        if module.items.iter().any(|item| defined(item).is_some_and(|(own, _)| own == name)) {
            return Some(place.to_vec());
        }
        let uses =
            module.items.iter().filter_map(|item| if let Item::Use(one) = item { Some(one) } else { None });
        let mut paths = uses.flat_map(|one| leaves(&one.tree));
        let path = paths.find(|path| path.last().is_some_and(|last| last == name))?;
        self.target(place, &path)
    }

    /// The module that defines what a path in `place` leads to.
    pub fn target(&self, place: &[String], path: &[String]) -> Option<Place> {
        let (at, name) = step(place, path)?;
        self.defining(&at, name)
    }

    /// Where a path in `place` leads out of the crate: `writer::Rotation` to where the writer has it from.
    pub fn outside(&self, place: &[String], path: &[String]) -> Vec<String> {
        let through = step(place, path).and_then(|(at, name)| {
            let uses = self.modules.get(&at)?.items.iter().flat_map(|item| match item {
                Item::Use(one) => leaves(&one.tree),
                _ => Vec::new(),
            });
            let further = uses.into_iter().find(|path| path.last().is_some_and(|last| last == name))?;
            Some(self.outside(&at, &further))
        });
        through.unwrap_or_else(|| path.to_vec())
    }
}

/// The module before a path's last name, as seen from `place`, and that name.
fn step<'a>(place: &[String], path: &'a [String]) -> Option<(Place, &'a str)> {
    let (name, way) = path.split_last()?;
    let mut at = match way.first().map(String::as_str) {
        Some("crate") => Vec::new(),
        Some("super") => place.split_last()?.1.to_vec(),
        Some("self") => place.to_vec(),
        Some(first) => [place, &[first.to_owned()]].concat(),
        None => return None,
    };
    for step in &way[1..] {
        match step.as_str() {
            "super" => drop(at.pop()?),
            step => at.push(step.to_owned()),
        }
    }
    Some((at, name))
}

fn content(module: &ItemMod, folder: &Path, inner: &Path) -> Vec<Item> {
    if let Some((_, items)) = &module.content {
        return unwrapped(items.clone());
    }
    let beside = folder.join(format!("{}.rs", module.ident));
    parse(&if beside.is_file() { beside } else { inner.join("mod.rs") })
}

fn parse(path: &Path) -> Vec<Item> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    unwrapped(file.items)
}

/// What `pin_project!` holds is written as it is without it.
fn unwrapped(items: Vec<Item>) -> Vec<Item> {
    let open = |item| match item {
        Item::Macro(one) if one.mac.path.is_ident("pin_project") => {
            one.mac.parse_body::<syn::File>().expect("pin_project! holds items").items
        }
        other => vec![other],
    };
    items.into_iter().flat_map(open).collect()
}

/// An item's own name and visibility, for the kinds of items that a path may lead to; modules are walked.
pub fn defined(item: &Item) -> Option<(String, &Visibility)> {
    let (name, visibility) = match item {
        Item::Const(one) => (&one.ident, &one.vis),
        Item::Enum(one) => (&one.ident, &one.vis),
        Item::Fn(one) => (&one.sig.ident, &one.vis),
        Item::Static(one) => (&one.ident, &one.vis),
        Item::Struct(one) => (&one.ident, &one.vis),
        Item::Trait(one) => (&one.ident, &one.vis),
        Item::Type(one) => (&one.ident, &one.vis),
        Item::Union(one) => (&one.ident, &one.vis),
        _ => return None,
    };
    Some((name.to_string(), visibility))
}

/// Every path that a `use` names.
pub fn leaves(tree: &UseTree) -> Vec<Vec<String>> {
    match tree {
        UseTree::Name(one) => vec![vec![one.ident.to_string()]],
        UseTree::Path(one) => {
            let within = leaves(&one.tree).into_iter();
            within.map(|rest| [vec![one.ident.to_string()], rest].concat()).collect()
        }
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
        UseTree::Rename(one) => vec![vec![one.ident.to_string(), format!("as {}", one.rename)]],
        UseTree::Glob(_) => vec![vec!["*".to_owned()]],
    }
}

pub fn kept(attributes: &[Attribute], names: &[&str]) -> Vec<Attribute> {
    let is_wanted = |one: &&Attribute| names.iter().any(|name| one.path().is_ident(name));
    attributes.iter().filter(is_wanted).cloned().collect()
}

pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    let is_test = |one: &Attribute| {
        one.path().is_ident("cfg") && one.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    attributes.iter().any(is_test)
}
