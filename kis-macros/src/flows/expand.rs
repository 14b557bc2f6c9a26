//! What `flows!` writes: the facts of the files as constants, one question to the compiler for each thing that may
//! not fit, and the set.
//!
//! A function is looked up by its name among the homes. Where there is none, a stand-in in an outer block is found
//! instead, and its question says which line of which file names it.

use kis_conf::{CheckedConf, ConnConf, FlowConf, Given, Order, Placed, SourceConf, StepConf};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

use super::{facts, input::Input, known, read::Folder};
use crate::names::type_ident;

/// As many problems of one step, source or flow are reported at once.
const ASKED: usize = 4;

pub(crate) fn expand(input: &Input, folder: &Folder, conf: &CheckedConf) -> TokenStream {
    let flows: Vec<FlowConf> = conf
        .flows
        .iter()
        .filter(|flow| flow.on)
        .map(|flow| asked(flow, conf.global.must_warns))
        .collect();
    let flows: Vec<&FlowConf> = flows.iter().collect();
    let span = Span::call_site().located_at(input.folder.span());
    let names = Names::of(&flows, span);
    let (open, homes) = (input.krate.open(), &input.homes);
    let stand_ins = names.stand_ins(input, folder);
    let functions = names
        .idents
        .iter()
        .map(|ident| quote!(<#ident as __kis::Function>::INFO));
    let conns = conf.conns.iter().map(|conn| {
        let (name, kind) = (&conn.name.value, &conn.kind.value);
        quote!(__link::ConnText { name: #name, kind: #kind })
    });
    let facts = flows
        .iter()
        .enumerate()
        .map(|(i, flow)| flow_facts(i, flow, &names));
    let all = (0..flows.len()).map(fact_name);
    let conn_questions = conf
        .conns
        .iter()
        .enumerate()
        .map(|(i, conn)| conn_questions(i, conn));
    let questions = flows.iter().enumerate().map(|(i, flow)| questions(i, flow));
    let files = conf.files.iter().map(|file| {
        let (name, text) = (&file.name, folder.include(&file.name));
        quote!((#name, #text))
    });
    let root = folder
        .dir
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    quote! {
        #open
        #[allow(unused_imports, reason = "generated")]
        use __kis::{kis_conf as __conf, link as __link};
        #(#stand_ins)*
        {
            #(#[allow(unused_imports, reason = "generated")] use #homes::*;)*
            const __FUNCTIONS: &[&__kis::FunctionInfo] = &[#(&#functions),*];
            const __CONNS: &[__link::ConnText<'static>] = &[#(#conns),*];
            #(#facts)*
            const __ALL: &[__link::FlowFacts<'static>] = &[#(#all),*];
            #(#conn_questions)*
            #(#questions)*
            __kis::FlowSet {
                root: #root,
                files: &[#(#files),*],
                functions: __FUNCTIONS,
            }
        }
    }
}

/// A flow as the compiler is asked about it: what `must: warn` only warns of is left to `check`.
fn asked(flow: &FlowConf, must_warns: bool) -> FlowConf {
    let mut flow = flow.clone();
    if must_warns {
        let steps = flow.steps.iter_mut().chain(&mut flow.at_end);
        steps.for_each(|step| step.must.clear());
    }
    flow
}

/// The functions that the flows name, each once.
struct Names<'a> {
    names: Vec<&'a Placed<String>>,
    idents: Vec<Ident>,
}

impl<'a> Names<'a> {
    fn of(flows: &[&'a FlowConf], span: Span) -> Names<'a> {
        let mut names: Vec<&Placed<String>> = Vec::new();
        for step in flows.iter().flat_map(|flow| steps(flow)) {
            if !names.iter().any(|known| known.value == step.fname.value) {
                names.push(&step.fname);
            }
        }
        let idents = names.iter().map(|name| type_ident(&name.value, span)).collect();
        Names { names, idents }
    }

    fn ident(&self, step: &StepConf) -> &Ident {
        let at = self
            .names
            .iter()
            .position(|name| name.value == step.fname.value)
            .unwrap_or_default();
        &self.idents[at]
    }

    fn stand_ins<'n>(&'n self, input: &Input, folder: &Folder) -> impl Iterator<Item = TokenStream> + 'n {
        let known = known::functions(&folder.package);
        let homes: Vec<String> = input
            .homes
            .iter()
            .map(|home| quote!(#home).to_string().replace(' ', ""))
            .collect();
        let homes = homes.join(" or ");
        self.names.iter().map(move |name| {
            // Only the use of the name stands at the folder's literal, so that an editor goes to the function.
            let ident = type_ident(&name.value, Span::call_site());
            let (text, hint) = (&name.value, known::hint(&known, &name.value, &homes));
            quote! {
                #[allow(non_camel_case_types, dead_code, reason = "generated")]
                struct #ident {}
                impl __kis::Function for #ident {
                    type In = __kis::AnyRow;
                    const NAME: &'static str = #text;
                    const INFO: __kis::FunctionInfo = __kis::FunctionInfo::unknown(#text, #hint);
                }
            }
        })
    }
}

fn flow_facts(i: usize, flow: &FlowConf, names: &Names<'_>) -> TokenStream {
    let name = fact_name(i);
    let flow_name = at(&flow.name);
    let steps_of = steps(flow).map(|step| step_text(flow, step));
    let variants = flow.on_error.by_variant.iter().map(|(name, _)| at(name));
    let own_steps = flow.steps.len();
    let sources = flow.sources.iter().map(source_text);
    let bounded = flow.max_jumps > 0;
    let functions = steps(flow).map(|step| names.ident(step));
    let rows = flow.sources.iter().map(|source| match &source.row {
        Some(row) => {
            let row = &row.value;
            quote! {
                match __link::row_of(__FUNCTIONS, #row) {
                    ::core::option::Option::Some(row) => ::core::option::Option::Some(row.shape),
                    ::core::option::Option::None => ::core::option::Option::None,
                }
            }
        }
        None => quote!(::core::option::Option::None),
    });
    quote! {
        const #name: __link::FlowFacts<'static> = __link::FlowFacts {
            text: __link::FlowText {
                name: #flow_name,
                steps: &[#(#steps_of),*],
                own_steps: #own_steps,
                sources: &[#(#sources),*],
                bounded_jumps: #bounded,
                variants: &[#(#variants),*],
            },
            all_functions: __FUNCTIONS,
            functions: &[#(&<#functions as __kis::Function>::INFO),*],
            rows: &[#(#rows),*],
            conns: __CONNS,
        };
    }
}

fn step_text(flow: &FlowConf, step: &StepConf) -> TokenStream {
    let (place, name) = (step.place.to_string(), &step.name.value);
    let fname = at(&step.fname);
    let mode = option(step.mode.as_ref().map(|mode| {
        let (value, place) = (format_ident!("{}", mode.value.as_str()), mode.place.to_string());
        quote!(__link::At { value: __conf::Mode::#value, place: #place })
    }));
    let conn = option(step.conn.as_ref().map(at));
    let must = step.must.iter().map(at);
    let params = step.params.iter().map(|param| facts::given(&Given::of(param)));
    let own = step.on_error.iter();
    let variants = own
        .flat_map(|on_error| on_error.own_variants(&flow.on_error))
        .map(at);
    quote! {
        __link::StepText {
            place: #place,
            name: #name,
            fname: #fname,
            mode: #mode,
            conn: #conn,
            must: &[#(#must),*],
            params: &[#(#params),*],
            variants: &[#(#variants),*],
        }
    }
}

fn source_text(source: &SourceConf) -> TokenStream {
    let name = &source.name.value;
    let row = option(source.row.as_ref().map(at));
    let order_by = option(match &source.order {
        Order::By(field) => Some(at(field)),
        Order::Partition | Order::None => None,
    });
    let event_time = option(source.event_time.as_ref().map(at));
    quote!(__link::SourceText { name: #name, row: #row, order_by: #order_by, event_time: #event_time })
}

fn conn_questions(i: usize, conn: &ConnConf) -> TokenStream {
    let place = conn.place.to_string();
    let params = conn.params.iter().map(|param| facts::given(&Given::of(param)));
    let params_name = format_ident!("__CONN_{i}");
    let questions = (0..ASKED).map(|nth| {
        quote! {
            const _: () = __link::refuse(
                __link::conn_problem(__FUNCTIONS, &__CONNS[#i], #place, #params_name, #nth),
            );
        }
    });
    quote! {
        const #params_name: &[__conf::Given<'static>] = &[#(#params),*];
        #(#questions)*
    }
}

/// One constant for each question, so that every answer is reported.
fn questions(i: usize, flow: &FlowConf) -> TokenStream {
    let facts = fact_name(i);
    let mut out = TokenStream::new();
    for step in 0..steps(flow).count() {
        for nth in 0..ASKED {
            out.extend(quote!(const _: () = __link::refuse(__link::step_problem(&#facts, #step, #nth));));
        }
        out.extend(quote!(const _: () = __link::refuse(__link::table_problem(__ALL, #i, #step));));
    }
    for source in 0..flow.sources.len() {
        for nth in 0..ASKED {
            out.extend(quote!(const _: () = __link::refuse(__link::source_problem(&#facts, #source, #nth));));
        }
    }
    for nth in 0..ASKED {
        out.extend(quote!(const _: () = __link::refuse(__link::flow_problem(&#facts, #nth));));
    }
    out
}

fn steps(flow: &FlowConf) -> impl Iterator<Item = &StepConf> {
    flow.steps.iter().chain(&flow.at_end)
}

fn at(text: &Placed<String>) -> TokenStream {
    let (value, place) = (&text.value, text.place.to_string());
    quote!(__link::At { value: #value, place: #place })
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn fact_name(i: usize) -> Ident {
    format_ident!("__FLOW_{i}")
}
