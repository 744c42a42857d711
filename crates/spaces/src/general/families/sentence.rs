//! Transformers on words.

use super::super::layers::activation::Act;
use super::super::layers::attention::Attention;
use super::super::net::{Net, Value};
use super::attentive::{block, heads};
use crate::weights::Init;
use onnx_protobuf::tensor_proto::DataType;

fn length(net: &mut Net) -> i64 {
    net.draw.pick([8, 16, 24, 32, 32, 48, 64, 64, 96, 128, 128, 192, 256])
}

/// Lengths up to those that usual models end at.
fn any_length(net: &mut Net) -> i64 {
    net.draw.width(16, 1024, 8)
}

fn words(net: &mut Net) -> i64 {
    net.draw.width(128, 8192, 64)
}

/// Embeddings of the input `name` with those of its positions.
fn text(net: &mut Net, name: &str, length: i64, width: i64) -> (Value, Value) {
    let words = words(net);
    let ids = net.input_of(name, 0, &[length], DataType::INT64);
    let x = net.embed(&ids, words, width);
    let positions = net.weight(&[1, length, width], Init::Normal(0.5));
    (ids, net.add(&x, &positions))
}

/// BERT (Devlin et al., 2019): mask of padding, token types at times, an output
/// for each word or for the sentence.
pub(super) fn bert(net: &mut Net) {
    bert_of(net, length);
}

/// As [`bert`], of any length.
pub(super) fn long_bert(net: &mut Net) {
    bert_of(net, any_length);
}

fn bert_of(net: &mut Net, length: fn(&mut Net) -> i64) {
    let (width, heads) = heads(net, 512);
    let length = length(net);
    let (_, mut x) = text(net, "input_ids", length, width);
    let mut attention = Attention::new(heads);
    if net.draw.chance(0.7) {
        let mask = net.input_of("attention_mask", 0, &[length], DataType::INT64);
        attention.mask = Some(net.padding_mask(&mask));
    }
    if net.draw.chance(0.5) {
        let types = net.input_of("token_type_ids", 0, &[length], DataType::INT64);
        let types = net.embed(&types, 2, width);
        x = net.add(&x, &types);
    }
    x = net.layer_norm(&x);
    let act = net.draw.pick([Act::Gelu, Act::Gelu, Act::Relu]);
    let inner = width * net.draw.pick([2, 4, 4]);
    let before = net.draw.chance(0.25);
    for _ in 0..net.draw.between(1, 12) {
        x = block(net, &x, &attention, inner, act, before);
    }
    if net.draw.chance(0.4) {
        return net.output(&x);
    }
    let first = net.take(&x, 1, 0);
    let y = net.linear(&first, width);
    let y = net.act(&y, Act::Tanh);
    let classes = net.draw.pick([2, 3, 5, 20]);
    let y = net.linear(&y, classes);
    net.output(&y);
}

/// Scores of all words at all places.
fn words_out(net: &mut Net, x: &Value) {
    let words = words(net);
    let y = net.linear_with(x, words, false);
    net.output(&y);
}

/// A decoder with a causal mask (Radford et al., 2019).
pub(super) fn gpt(net: &mut Net) {
    gpt_of(net, length);
}

/// As [`gpt`], of any length.
pub(super) fn long_gpt(net: &mut Net) {
    gpt_of(net, any_length);
}

fn gpt_of(net: &mut Net, length: fn(&mut Net) -> i64) {
    let (width, heads) = heads(net, 512);
    let length = length(net);
    let (_, mut x) = text(net, "input_ids", length, width);
    let mask = net.causal_mask(length);
    let attention = Attention { mask: Some(mask), ..Attention::new(heads) };
    let act = net.draw.pick([Act::Gelu, Act::Gelu, Act::Relu]);
    for _ in 0..net.draw.between(1, 12) {
        x = block(net, &x, &attention, 4 * width, act, true);
    }
    let x = net.layer_norm(&x);
    words_out(net, &x);
}

/// A decoder of RMS normalization, rotary positions, gates, and fewer heads of
/// keys (Touvron et al., 2023).
pub(super) fn llama(net: &mut Net) {
    llama_of(net, length);
}

/// As [`llama`], of any length.
pub(super) fn long_llama(net: &mut Net) {
    llama_of(net, any_length);
}

fn llama_of(net: &mut Net, length: fn(&mut Net) -> i64) {
    let (width, heads) = heads(net, 512);
    let length = length(net);
    let words = words(net);
    let ids = net.input_of("input_ids", 0, &[length], DataType::INT64);
    let mut x = net.embed(&ids, words, width);
    let mask = Some(net.causal_mask(length));
    let rotary = Some(net.rotary(length, width / heads));
    let shared = if heads % 2 == 0 { net.draw.pick([1, 2]) } else { 1 };
    let kv_heads = heads / shared;
    let attention = Attention { heads, kv_heads, mask, rotary, bias: false, past: None };
    let inner = (width as f64 * net.draw.pick([1.5, 2.0, 2.75, 4.0])) as i64;
    for _ in 0..net.draw.between(1, 10) {
        let y = net.rms_norm(&x);
        let y = net.attention(&y, &y, &attention);
        x = net.add(&x, &y);
        let y = net.rms_norm(&x);
        let y = net.gated_forward(&y, inner, Act::Silu);
        x = net.add(&x, &y);
    }
    let x = net.rms_norm(&x);
    words_out(net, &x);
}

/// One step of a decoder, with keys and values of the words before as inputs and
/// those of all words as outputs.
pub(super) fn cached(net: &mut Net) {
    let (width, heads) = heads(net, 512);
    let (before, steps) = (any_length(net), net.draw.pick([1, 1, 1, 1, 2, 8]));
    let (_, mut x) = text(net, "input_ids", steps, width);
    let act = net.draw.pick([Act::Gelu, Act::Gelu, Act::Relu]);
    for layer in 0..net.draw.between(1, 12) {
        let past = ["key", "value"].map(|part| {
            let name = format!("past_key_values.{layer}.{part}");
            net.input(&name, &[heads, before, width / heads])
        });
        let attention = Attention { past: Some(past), ..Attention::new(heads) };
        x = block(net, &x, &attention, 4 * width, act, true);
    }
    let x = net.layer_norm(&x);
    words_out(net, &x);
}

/// Encoder and decoder with attention from one to the other (Vaswani et al., 2017).
pub(super) fn encoder_decoder(net: &mut Net) {
    let (width, heads) = heads(net, 384);
    let (from, to) = (length(net), length(net));
    let (_, mut memory) = text(net, "input_ids", from, width);
    let act = net.draw.pick([Act::Relu, Act::Gelu]);
    let inner = width * net.draw.pick([2, 4]);
    let before = net.draw.chance(0.5);
    for _ in 0..net.draw.between(1, 6) {
        memory = block(net, &memory, &Attention::new(heads), inner, act, before);
    }
    let (_, mut x) = text(net, "decoder_input_ids", to, width);
    let mask = Some(net.causal_mask(to));
    let own = Attention { mask, ..Attention::new(heads) };
    for _ in 0..net.draw.between(1, 6) {
        let y = net.attention(&x, &x, &own);
        let y = net.add(&x, &y);
        x = net.layer_norm(&y);
        let y = net.attention(&x, &memory, &Attention::new(heads));
        let y = net.add(&x, &y);
        x = net.layer_norm(&y);
        let y = net.feed_forward(&x, inner, act);
        let y = net.add(&x, &y);
        x = net.layer_norm(&y);
    }
    words_out(net, &x);
}
