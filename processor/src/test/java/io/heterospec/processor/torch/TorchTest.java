package io.heterospec.processor.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class TorchTest {

  @Test
  void devicesAreNamedAndMissingOnesRefused() {
    assertThatThrownBy(() -> TorchDevice.open("tpu", 1)).hasMessageContaining("use cpu, gpu:N");
    assertThatThrownBy(() -> TorchDevice.open("gpu:99", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpu:99 is not available");
    try (TorchDevice cpu = TorchDevice.open("cpu", 1)) {
      assertThat(cpu.isGpu()).isFalse();
      assertThat(cpu.threads()).isEqualTo(1);
    }
  }

  @Test
  void typesAreParsedByTheirLabels() {
    assertThat(Dtype.parse("bf16")).isEqualTo(Dtype.BF16);
    assertThat(Dtype.parse("FP32").bytes()).isEqualTo(4);
    assertThatThrownBy(() -> Dtype.parse("int8")).hasMessageContaining("bf16, fp16 or fp32");
  }

  @Test
  void aScriptNeedsAValueForEveryPlaceholder() {
    ScriptSource source = new ScriptSource("X").include("weights");
    assertThatThrownBy(source::text).hasMessageContaining("needs a value for");
    assertThatThrownBy(() -> source.include("nothing")).hasMessageContaining("nothing.py");
  }

  @Test
  void aScriptThatLibtorchRefusesSaysWhy() {
    try (TorchDevice cpu = TorchDevice.open("cpu", 1)) {
      ScriptSource source =
          LinearKernel.PLAIN.define(new ScriptSource("X").include("weights"), Dtype.FP32);
      source.define("linear", "torch.no_such_operation(x, w)");
      assertThatThrownBy(() -> ScriptModule.compile(cpu, source))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no_such_operation");
    }
  }

  @Test
  void scriptsAreRefusedOnAnyThreadButTheDevices() throws Exception {
    ScriptSource source =
        LinearKernel.PLAIN.define(new ScriptSource("W").include("weights"), Dtype.FP32);
    ExecutorService other = Executors.newSingleThreadExecutor(r -> new Thread(r, "intruder"));
    try (TorchDevice cpu = TorchDevice.open("cpu", 1);
        ScriptModule weights = ScriptModule.compile(cpu, source);
        Tensor like = cpu.floats(new float[] {0}, 1)) {
      Future<Double> probe = other.submit(() -> weights.call("probe", like).number());
      assertThatThrownBy(probe::get)
          .hasCauseInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("cpu belongs to thread", "'probe'", "thread 'intruder'");
      assertThat(weights.call("probe", like).number()).isPositive();
    } finally {
      other.shutdownNow();
    }
  }

  @Test
  void storedValuesOfEveryTypeAreDecodedExactly() {
    float[] values = {0, 1, -2.5f, 0.15625f, 3.25e4f, -6.1035156e-5f};
    ByteBuffer bf16 = ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer fp32 = ByteBuffer.allocateDirect(24).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bf16.putShort((short) (Float.floatToIntBits(value) >>> 16));
      fp32.putFloat(value);
    }
    try (TorchDevice cpu = TorchDevice.open("cpu", 1);
        ScriptModule weights =
            ScriptModule.compile(
                cpu,
                LinearKernel.PLAIN.define(new ScriptSource("W").include("weights"), Dtype.FP32))) {
      assertThat(decode(cpu, weights, fp32.flip(), Dtype.FP32)).containsExactly(values);
      float[] truncated = decode(cpu, weights, bf16.flip(), Dtype.BF16);
      for (int i = 0; i < values.length; i++) {
        int kept = Float.floatToIntBits(values[i]) & 0xFFFF0000;
        assertThat(truncated[i]).isEqualTo(Float.intBitsToFloat(kept));
      }
    }
  }

  private static float[] decode(
      TorchDevice cpu, ScriptModule weights, ByteBuffer bytes, Dtype stored) {
    try (Tensor raw = cpu.bytes(bytes);
        Tensor decoded = weights.call("empty", raw, new long[] {2, 3}).tensor()) {
      weights.call("fill", decoded, 0, raw, stored.code()).close();
      return decoded.toFloats();
    }
  }
}
