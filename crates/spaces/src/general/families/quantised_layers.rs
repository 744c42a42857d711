//! Networks whose layers are quantized as they run, as ONNX Runtime's dynamic
//! quantization writes them.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::Net;
use super::plain::pictures;
use super::recurrent::{finish, sequence_of};
use super::{attentive, sentence, tokens};

/// Transformers whose linear layers are MatMulInteger; attention stays in floats.
pub(super) fn transformer(net: &mut Net) {
    net.style.quantised = true;
    let kinds: [fn(&mut Net); 6] = [
        sentence::bert,
        sentence::long_bert,
        sentence::long_bert,
        sentence::gpt,
        attentive::vit,
        tokens::set_transformer,
    ];
    net.draw.pick(kinds)(net);
}

/// Layers of DynamicQuantizeLSTM.
pub(super) fn recurrent(net: &mut Net) {
    let length = net.draw.width(8, 512, 4);
    let mut x = sequence_of(net, length);
    net.style.quantised = net.draw.chance(0.8);
    let (hidden, both) = (net.draw.width(16, 640, 16), net.draw.chance(0.4));
    for _ in 0..net.draw.between(1, 3) {
        x = net.quantised_lstm(&x, hidden, both);
    }
    finish(net, &x);
}

/// Convolutions in whole numbers with activations in floats between them.
pub(super) fn cnn(net: &mut Net) {
    let mut x = pictures(net);
    let mut width = net.draw.width(8, 64, 8);
    let act = net.draw.pick([Act::Relu, Act::Relu, Act::HardSwish, Act::LeakyRelu]);
    let around = net.draw.chance(0.5);
    for _ in 0..net.draw.between(2, 10) {
        let stride = if x.side() >= 8 && net.draw.chance(0.35) { 2 } else { 1 };
        if stride == 2 {
            width = (width * 2).min(384);
        }
        let kernel = net.draw.pick([1, 3, 3]);
        let y = net.integer_conv(&x, Conv::new(width, kernel).stride(stride));
        let y = if around && y.shape == x.shape { net.add(&y, &x) } else { y };
        x = net.act(&y, act);
    }
    net.style.quantised = true;
    net.classify(&x);
}
