package io.heterospec.processor.model;

import io.heterospec.processor.checkpoint.DecoderVariant;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.LinearKernel;
import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.ScriptSource;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Choosing the next token of each verified row from logits over a vocabulary. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SamplingBenchmark {
  /** Vocabularies of the bundled pair, Llama 2 and Llama 3. */
  @Param({"4096", "32000", "128256"})
  int vocabulary;

  @Param({"1", "9"})
  int rows;

  private TorchDevice device;
  private ScriptModule target;
  private Tensor logits;
  private Tensor wanted;
  private Tensor uniform;

  /** Compiles the target's script; it needs no weights for this. */
  @Setup
  public void open() {
    device = TorchDevice.open("cpu", 1);
    Arithmetic plain = new Arithmetic(Dtype.FP32, LinearKernel.PLAIN);
    ScriptSource source =
        TargetModel.script(
            DecoderScript.of("Target", plain, 1, 1, 2, 1e-5),
            LayerDevices.single(device, 1),
            1,
            false);
    LayerScript.TARGET.define(source, DecoderVariant.PLAIN, null);
    target = ScriptModule.compile(device, source);
    Random random = new Random(1);
    float[] values = new float[rows * vocabulary];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (3 * random.nextGaussian());
    }
    logits = device.floats(values, rows, vocabulary);
    wanted = device.longs(LongStream.range(0, rows).toArray(), rows);
    uniform = device.longs(random.longs(rows, 0, 1L << 53).toArray(), rows);
  }

  /** The most probable tokens. */
  @Benchmark
  public long[] argmax() {
    try (Tensor chosen = target.call("argmax_rows", logits, wanted).tensor()) {
      return chosen.toLongs();
    }
  }

  /** Tokens drawn from the whole distribution. */
  @Benchmark
  public long[] sample() {
    return sample(0, 1.0);
  }

  /** Tokens drawn from its nucleus, for which it is sorted. */
  @Benchmark
  public long[] sampleTopP() {
    return sample(0, 0.9);
  }

  private long[] sample(int topK, double topP) {
    try (Tensor chosen =
        target.call("sample_rows", logits, wanted, uniform, 0.8, topK, topP).tensor()) {
      return chosen.toLongs();
    }
  }

  /** Releases what the setup made. */
  @TearDown
  public void close() {
    uniform.close();
    wanted.close();
    logits.close();
    target.close();
    device.close();
  }
}
