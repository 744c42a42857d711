//! Networks in floats of 16 bits.

use super::super::net::Net;
use super::super::style::Half;
use super::{attentive, mobile, plain, residual, sentence, tokens};

fn halved(net: &mut Net, kinds: [fn(&mut Net); 5]) {
    net.style.half = Some(net.draw.pick([Half::All, Half::Inside]));
    net.draw.pick(kinds)(net);
}

/// Convolutional networks.
pub(super) fn cnn(net: &mut Net) {
    halved(
        net,
        [
            plain::plain,
            residual::basic,
            residual::bottleneck,
            mobile::mobilenet_v2,
            mobile::mobilenet_v3,
        ],
    );
}

/// Transformers.
pub(super) fn transformer(net: &mut Net) {
    halved(
        net,
        [
            sentence::bert,
            sentence::gpt,
            sentence::long_llama,
            attentive::vit,
            tokens::set_transformer,
        ],
    );
}
