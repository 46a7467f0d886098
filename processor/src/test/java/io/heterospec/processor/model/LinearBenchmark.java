package io.heterospec.processor.model;

import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.ScriptSource;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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

/**
 * A linear layer as the models compute it, by the rows of a pass: what verifying one more row
 * costs. The kernel is the one this processor gets, packed where it can be.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LinearBenchmark {
  /** Width of the input and the output: gate and up of the bundled pair, and of a 1B model. */
  @Param({"256,1408", "2048,16384"})
  String layer;

  @Param({"bf16", "fp32"})
  String dtype;

  @Param({"1", "2", "4", "9", "16", "32", "64"})
  int rows;

  private TorchDevice device;
  private ScriptModule module;
  private Tensor input;
  private Tensor weight;

  /** Packs a random weight. */
  @Setup
  public void open() {
    device = TorchDevice.open("cpu", 1);
    Arithmetic arithmetic = Arithmetic.choose(device, Dtype.parse(dtype));
    module =
        ScriptModule.compile(
            device,
            arithmetic
                .kernel()
                .define(new ScriptSource("Linear").include("weights"), arithmetic.dtype()));
    int[] widths = Arrays.stream(layer.split(",", -1)).mapToInt(Integer::parseInt).toArray();
    Random random = new Random(1);
    input = matrix(random, rows, widths[0]);
    try (Tensor plain = matrix(random, widths[1], widths[0])) {
      weight = module.call("pack", plain).tensor();
    }
  }

  private Tensor matrix(Random random, int height, int width) {
    ByteBuffer values =
        ByteBuffer.allocateDirect(height * width * Float.BYTES).order(ByteOrder.nativeOrder());
    while (values.hasRemaining()) {
      values.putFloat(random.nextFloat() - 0.5f);
    }
    try (Tensor bytes = device.bytes(values.flip())) {
      Tensor matrix = module.call("empty", bytes, new long[] {height, width}).tensor();
      module.call("fill", matrix, 0, bytes, Dtype.FP32.code()).close();
      return matrix;
    }
  }

  /** One product; it is libtorch's, so no compiler can leave it out. */
  @Benchmark
  public void linear() {
    module.call("product", input, weight).close();
  }

  /** Releases what the setup made. */
  @TearDown
  public void close() {
    weight.close();
    input.close();
    module.close();
    device.close();
  }
}
