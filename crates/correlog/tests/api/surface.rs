//! From the modules to the listing: what is reachable from the root, without what a caller cannot rely on.
//!
//! Does not judge whether a change breaks callers: it makes the change seen.

use crate::sources::{Sources, defined, is_for_tests, kept, leaves};
use syn::{
    Attribute, Block, Expr, Field, Fields, FnArg, ImplItem, Item, ItemImpl, ItemUse, TraitItem, Visibility,
    parse_quote,
};

/// Attributes that callers notice.
const KEPT: &[&str] = &["cfg", "deprecated", "derive", "must_use", "non_exhaustive", "repr", "track_caller"];

pub fn of(sources: &Sources) -> String {
    let items = Lister { sources }.module(&[]);
    prettyplease::unparse(&syn::File { shebang: None, attrs: Vec::new(), items })
}

struct Lister<'a> {
    sources: &'a Sources,
}

impl Lister<'_> {
    fn module(&self, place: &[String]) -> Vec<Item> {
        let mut listed = Vec::new();
        for item in &self.sources.modules[place].items {
            match item {
                Item::Mod(one) if is_public(&one.vis) && !is_for_tests(&one.attrs) => {
                    let name = one.ident.to_string();
                    let mut one = one.clone();
                    one.attrs = kept(&one.attrs, KEPT);
                    one.semi = None;
                    one.content = Some((Default::default(), self.module(&[place, &[name]].concat())));
                    listed.push(Item::Mod(one));
                }
                Item::Use(one) if is_public(&one.vis) => listed.extend(self.used(place, one)),
                Item::Macro(one) if is_exported(&one.attrs) => listed.push(item.clone()),
                _ => {
                    if let Some((name, visibility)) = defined(item)
                        && is_public(visibility)
                    {
                        listed.extend(self.item(place, &name, &[]));
                    }
                }
            }
        }
        listed
    }

    /// What a `pub use` brings is listed where it is brought, as if it were defined there.
    fn used(&self, place: &[String], one: &ItemUse) -> Vec<Item> {
        let conditions = kept(&one.attrs, &["cfg"]);
        let mut listed = Vec::new();
        for path in leaves(&one.tree) {
            let name = path.last().expect("a path has a name").clone();
            // Whoever renames or brings everything must teach this listing: silence would hide a part.
            assert!(
                name != "*" && !name.starts_with("as "),
                "`pub use` with a new name or of everything: {path:?}"
            );
            match self.sources.target(place, &path) {
                Some(defining) => listed.extend(self.item(&defining, &name, &conditions)),
                // Another crate's item.
                None => listed.push(foreign(&self.sources.outside(place, &path), &conditions)),
            }
        }
        listed
    }

    /// An item and, for a type, every implementation anywhere in the crate.
    fn item(&self, place: &[String], name: &str, conditions: &[Attribute]) -> Vec<Item> {
        let items = &self.sources.modules[place].items;
        let own = items.iter().filter(|item| defined(item).is_some_and(|(own, _)| own == name));
        let mut listed: Vec<Item> = own.map(|item| reduced(item.clone(), conditions)).collect();
        for (there, module) in &self.sources.modules {
            for item in &module.items {
                match item {
                    Item::Impl(one)
                        if !is_for_tests(&one.attrs) && self.is_about(there, one, place, name) =>
                    {
                        let mut all = module.conditions.clone();
                        all.retain(|one| !self.sources.modules[place].conditions.contains(one));
                        listed.extend(implementation(one.clone(), &all));
                    }
                    // A macro that may make implementations: listed as it is called.
                    Item::Macro(one) if there == place && makes_implementations(items, one, name) => {
                        listed.push(item.clone())
                    }
                    _ => {}
                }
            }
        }
        listed
    }

    fn is_about(&self, there: &[String], one: &ItemImpl, place: &[String], name: &str) -> bool {
        let syn::Type::Path(path) = &*one.self_ty else { return false };
        let segments: Vec<String> = path.path.segments.iter().map(|one| one.ident.to_string()).collect();
        if segments.last().is_none_or(|last| last != name) {
            return false;
        }
        let defining = match segments.as_slice() {
            [name] => self.sources.defining(there, name),
            path => self.sources.target(there, path),
        };
        defining.is_some_and(|defining| defining == place)
    }
}

/// Whether a macro of the same module is called whose definition implements something for the type.
fn makes_implementations(items: &[Item], one: &syn::ItemMacro, name: &str) -> bool {
    let is_definition = |item: &&Item| match item {
        Item::Macro(other) => other.ident.as_ref().is_some_and(|ident| one.mac.path.is_ident(ident)),
        _ => false,
    };
    let Some(Item::Macro(definition)) = items.iter().find(is_definition) else { return false };
    definition.mac.tokens.to_string().contains(&format!("for {name} "))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_exported(attributes: &[Attribute]) -> bool {
    !kept(attributes, &["macro_export"]).is_empty()
}

fn foreign(path: &[String], conditions: &[Attribute]) -> Item {
    let text = format!("pub use {};", path.join("::"));
    let mut one: ItemUse = syn::parse_str(&text).expect("a path is a path");
    one.attrs = conditions.to_vec();
    Item::Use(one)
}

fn reduced(item: Item, conditions: &[Attribute]) -> Item {
    let attributes = |own: &[Attribute]| [conditions, &kept(own, KEPT)].concat();
    match item {
        Item::Fn(mut one) => {
            one.attrs = attributes(&one.attrs);
            *one.block = empty();
            Item::Fn(one)
        }
        Item::Const(mut one) => {
            one.attrs = attributes(&one.attrs);
            *one.expr = unsaid();
            Item::Const(one)
        }
        Item::Static(mut one) => {
            one.attrs = attributes(&one.attrs);
            *one.expr = unsaid();
            Item::Static(one)
        }
        Item::Type(mut one) => {
            one.attrs = attributes(&one.attrs);
            Item::Type(one)
        }
        Item::Struct(mut one) => {
            one.attrs = attributes(&one.attrs);
            only_public(&mut one.fields);
            Item::Struct(one)
        }
        Item::Enum(mut one) => {
            one.attrs = attributes(&one.attrs);
            for variant in &mut one.variants {
                variant.attrs = kept(&variant.attrs, KEPT);
                variant.fields.iter_mut().for_each(|field| field.attrs.clear());
            }
            Item::Enum(one)
        }
        Item::Trait(mut one) => {
            one.attrs = attributes(&one.attrs);
            for item in &mut one.items {
                let TraitItem::Fn(function) = item else { continue };
                function.attrs = kept(&function.attrs, KEPT);
                function.default = function.default.take().map(|_| empty());
            }
            Item::Trait(one)
        }
        other => other,
    }
}

/// That there are private fields is part of the surface, which they are is not.
fn only_public(fields: &mut Fields) {
    match fields {
        Fields::Named(named) => {
            let all = named.named.len();
            let public = named.named.iter().filter(|field| is_public(&field.vis)).map(plain);
            named.named = public.collect();
            if named.named.len() < all {
                let private: syn::FieldsNamed = parse_quote!({ private: _, });
                named.named.extend(private.named);
            }
        }
        Fields::Unnamed(unnamed) => {
            let private: syn::FieldsUnnamed = parse_quote!((_));
            let shown =
                |field: &Field| if is_public(&field.vis) { plain(field) } else { private.unnamed[0].clone() };
            unnamed.unnamed = unnamed.unnamed.iter().map(shown).collect();
        }
        Fields::Unit => {}
    }
}

fn plain(field: &Field) -> Field {
    Field { attrs: kept(&field.attrs, KEPT), ..field.clone() }
}

/// Public members of the type itself; of a trait's implementation only what is not the trait's own text.
fn implementation(mut one: ItemImpl, conditions: &[Attribute]) -> Option<Item> {
    one.attrs = [conditions, &kept(&one.attrs, KEPT)].concat();
    let is_of_trait = one.trait_.is_some();
    one.items.retain_mut(|item| match item {
        ImplItem::Fn(function) => {
            function.attrs = kept(&function.attrs, KEPT);
            function.block = empty();
            // `mut self` is the body's business.
            if let Some(FnArg::Receiver(receiver)) = function.sig.inputs.first_mut()
                && receiver.reference.is_none()
            {
                receiver.mutability = None;
            }
            !is_of_trait && is_public(&function.vis)
        }
        ImplItem::Const(constant) => {
            constant.attrs = kept(&constant.attrs, KEPT);
            constant.expr = unsaid();
            !is_of_trait && is_public(&constant.vis)
        }
        ImplItem::Type(_) => is_of_trait,
        _ => false,
    });
    (is_of_trait || !one.items.is_empty()).then_some(Item::Impl(one))
}

fn empty() -> Block {
    parse_quote!({})
}

fn unsaid() -> Expr {
    parse_quote!(_)
}
