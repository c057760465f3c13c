//! impasto's benchmarks in candle: convolutions, a small CNN's step and a DCGAN's.
//!
//! `peer-candle NAME --reps N --from FOLDER`: networks begin from `FOLDER/NAME.safetensors`, first print the losses of three
//! steps and are then timed. One JSON object a line.

use std::collections::HashMap;
use std::time::Instant;

use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::{
    AdamW, BatchNorm, BatchNormConfig, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Linear, Module,
    ModuleT, Optimizer, ParamsAdamW, VarBuilder, VarMap, loss,
};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| args.iter().position(|a| a == name).map(|i| args[i + 1].clone());
    let reps = option("--reps").map_or(5, |n| n.parse().expect("a number"));
    let folder = option("--from").unwrap_or_default();
    let begin = |name: &str| Start::load(&format!("{folder}/{name}.safetensors"));
    match args.first().map(String::as_str) {
        Some("convs") => convs(reps),
        Some("cnn") => network("cnn 28px b128 train step", cnn(&begin("cnn")?)?, reps),
        Some("dcgan") => network("dcgan64 b64 train step", dcgan(&begin("dcgan")?)?, reps),
        _ => panic!("expected convs, cnn or dcgan"),
    }
}

/// One run to warm up, then `reps` measured ones.
fn timed(name: &str, reps: usize, mut run: impl FnMut() -> Result<()>) -> Result<()> {
    run()?;
    let mut times = Vec::new();
    for _ in 0..reps {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!(r#"{{"name":"{name}","median_ms":{},"best_ms":{}}}"#, times[reps / 2], times[0]);
    Ok(())
}

fn network(name: &str, mut step: impl FnMut() -> Result<Vec<f32>>, reps: usize) -> Result<()> {
    let mut losses = Vec::new();
    for _ in 0..3 {
        losses.extend(step()?);
    }
    println!(r#"{{"name":"{name}","losses":{losses:?}}}"#);
    timed(name, reps, || step().map(drop))
}

/// The 3x3 layers of VGG.
fn convs(reps: usize) -> Result<()> {
    for (ci, side, co) in [(3, 512, 64), (64, 512, 64), (128, 256, 128), (256, 128, 256), (512, 64, 512)] {
        let random = |shape: &[usize]| Var::randn(0f32, 1f32, shape, &Device::Cpu);
        let (x, w, b) = (random(&[1, ci, side, side])?, random(&[co, ci, 3, 3])?, random(&[1, co, 1, 1])?);
        let g = random(&[1, co, side, side])?.as_detached_tensor();
        let name = format!("conv n1 {ci}->{co} k3s1 {side}px");
        let layer = |x: &Tensor, w: &Tensor, b: &Tensor| x.conv2d(w, 1, 1, 1, 1)?.broadcast_add(b);
        let fixed = [&x, &w, &b].map(|v| v.as_detached_tensor());
        timed(&format!("{name} fwd"), reps, || layer(&fixed[0], &fixed[1], &fixed[2]).map(drop))?;
        // candle has no seed for the backward pass: a sum of products stands for it.
        timed(&format!("{name} fwd+bwd"), reps, || (layer(&x, &w, &b)? * &g)?.sum_all()?.backward().map(drop))?;
    }
    Ok(())
}

/// What a network begins with.
struct Start {
    weights: VarMap,
    batch: HashMap<String, Tensor>,
}

impl Start {
    fn load(path: &str) -> Result<Self> {
        let (weights, mut batch) = (VarMap::new(), HashMap::new());
        for (name, tensor) in candle_core::safetensors::load(path, &Device::Cpu)? {
            if let Some(name) = name.strip_prefix("weights/") {
                weights.data().lock().expect("one thread").insert(name.to_owned(), Var::from_tensor(&tensor)?);
            } else if let Some(name) = name.strip_prefix("batch/") {
                batch.insert(name.to_owned(), tensor);
            }
        }
        Ok(Self { weights, batch })
    }

    fn at(&self, path: &str) -> VarBuilder<'static> {
        VarBuilder::from_varmap(&self.weights, DType::F32, &Device::Cpu).pp(path)
    }

    fn adam(&self, prefix: &str, lr: f64, beta1: f64) -> Result<AdamW> {
        let data = self.weights.data().lock().expect("one thread");
        let trained = |name: &str| name.starts_with(prefix) && !name.contains("running_");
        let vars = data.iter().filter(|(name, _)| trained(name)).map(|(_, var)| var.clone()).collect();
        AdamW::new(vars, ParamsAdamW { lr, beta1, weight_decay: 0.0, ..ParamsAdamW::default() })
    }

    fn norm(&self, path: &str, channels: usize) -> Result<BatchNorm> {
        candle_nn::batch_norm(channels, BatchNormConfig::default(), self.at(path))
    }

    fn conv(&self, path: &str, shape: [usize; 4], stride: usize, padding: usize, bias: bool) -> Result<Conv2d> {
        let at = self.at(path);
        let bias = if bias { Some(at.get(shape[0], "bias")?) } else { None };
        Ok(Conv2d::new(at.get(&shape, "weight")?, bias, Conv2dConfig { stride, padding, ..Conv2dConfig::default() }))
    }

    fn up(&self, path: &str, shape: [usize; 4], stride: usize, padding: usize) -> Result<ConvTranspose2d> {
        let config = ConvTranspose2dConfig { stride, padding, ..ConvTranspose2dConfig::default() };
        Ok(ConvTranspose2d::new(self.at(path).get(&shape, "weight")?, None, config))
    }

    fn linear(&self, path: &str, inputs: usize, outputs: usize) -> Result<Linear> {
        let at = self.at(path);
        Ok(Linear::new(at.get((outputs, inputs), "weight")?, Some(at.get(outputs, "bias")?)))
    }
}

fn cnn(start: &Start) -> Result<impl FnMut() -> Result<Vec<f32>> + use<>> {
    let channels = [1, 32, 64, 128];
    let mut layers = Vec::new();
    for i in 0..3 {
        let conv = start.conv(&format!("conv.{i}"), [channels[i + 1], channels[i], 3, 3], 1, 1, true)?;
        layers.push((conv, start.norm(&format!("norm.{i}"), channels[i + 1])?));
    }
    let (hidden, head) = (start.linear("hidden", 128 * 49, 128)?, start.linear("head", 128, 10)?);
    let (images, labels) = (start.batch["images"].clone(), start.batch["labels"].to_dtype(DType::U32)?);
    let mut adam = start.adam("", 1e-3, 0.9)?;
    Ok(move || {
        let mut x = images.clone();
        for (i, (conv, norm)) in layers.iter().enumerate() {
            x = norm.forward_t(&conv.forward(&x)?, true)?.relu()?;
            if i > 0 {
                x = x.max_pool2d(2)?;
            }
        }
        let logits = head.forward(&hidden.forward(&x.flatten_from(1)?)?.relu()?)?;
        let loss = loss::cross_entropy(&logits, &labels)?;
        adam.backward_step(&loss)?;
        Ok(vec![loss.to_scalar()?])
    })
}

/// The mean of softplus: of -x for "real", of x for "made".
fn softplus(x: &Tensor) -> Result<Tensor> {
    (x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?)?.mean_all()
}

fn leaky(x: &Tensor) -> Result<Tensor> {
    x.maximum(&(x * 0.2)?)
}

fn dcgan(start: &Start) -> Result<impl FnMut() -> Result<Vec<f32>> + use<>> {
    let (ups, downs) = ([100, 512, 256, 128, 64], [3, 64, 128, 256, 512]);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for i in 0..4 {
        let (stride, padding) = if i == 0 { (1, 0) } else { (2, 1) };
        let layer = start.up(&format!("generator.up.{i}"), [ups[i], ups[i + 1], 4, 4], stride, padding)?;
        up.push((layer, start.norm(&format!("generator.norm.{i}"), ups[i + 1])?));
        let layer = start.conv(&format!("discriminator.down.{i}"), [downs[i + 1], downs[i], 4, 4], 2, 1, false)?;
        let norm = (i > 0).then(|| start.norm(&format!("discriminator.norm.{i}"), downs[i + 1])).transpose()?;
        down.push((layer, norm));
    }
    let picture = start.up("generator.picture", [64, 3, 4, 4], 2, 1)?;
    let logit = start.conv("discriminator.logit", [1, 512, 4, 4], 1, 0, false)?;
    let (mut adam_g, mut adam_d) = (start.adam("generator.", 2e-4, 0.5)?, start.adam("discriminator.", 2e-4, 0.5)?);
    let real = start.batch["real"].clone();
    let mut noise = ["z.0", "z.1", "z.2"].map(|name| start.batch[name].clone()).into_iter().cycle();
    let discriminator = move |x: &Tensor| {
        let mut x = x.clone();
        for (conv, norm) in &down {
            x = conv.forward(&x)?;
            if let Some(norm) = norm {
                x = norm.forward_t(&x, true)?;
            }
            x = leaky(&x)?;
        }
        logit.forward(&x)?.flatten_all()
    };
    Ok(move || {
        let mut x = noise.next().expect("a cycle").unsqueeze(D::Minus1)?.unsqueeze(D::Minus1)?;
        for (conv, norm) in &up {
            x = norm.forward_t(&conv.forward(&x)?, true)?.relu()?;
        }
        let fake = picture.forward(&x)?.tanh()?;
        let loss_d = (softplus(&discriminator(&real)?.neg()?)? + softplus(&discriminator(&fake.detach())?)?)?;
        adam_d.backward_step(&loss_d)?;
        let loss_g = softplus(&discriminator(&fake)?.neg()?)?;
        adam_g.backward_step(&loss_g)?;
        Ok(vec![loss_d.to_scalar()?, loss_g.to_scalar()?])
    })
}
