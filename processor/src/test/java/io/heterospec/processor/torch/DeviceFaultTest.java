package io.heterospec.processor.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.engine.EngineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceFaultTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.11 GiB",
        "CUDA error: out of memory\nCompile with `TORCH_USE_CUDA_DSA`",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory:"
            + " you tried to allocate 562949953421312 bytes. Error code 12 (Cannot allocate memory)",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 4096 bytes.",
        "std::bad_alloc"
      })
  void memoryRunsOut(String message) {
    assertThat(DeviceFault.of(new EngineException(message))).isEqualTo(DeviceFault.OUT_OF_MEMORY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously"
            + " reported at some other API call",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: unspecified launch failure",
        "CUDA error: misaligned address",
        "CUDA error: the launch timed out and was terminated",
        "CUDA error: uncorrectable ECC error encountered",
        "CUDA error: uncorrectable NVLink error detected during the execution",
        "CUDA error: unknown error"
      })
  void theDeviceIsLost(String message) {
    assertThat(DeviceFault.of(new EngineException(message))).isEqualTo(DeviceFault.STICKY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA error: invalid argument",
        "index out of range in self",
        "The size of tensor a (3) must match the size of tensor b (4)",
        "CUDA error: no kernel image is available for execution on the device"
      })
  void anythingElseIsTheRequestsOrTheProgramsOwn(String message) {
    assertThat(DeviceFault.of(new EngineException(message))).isEqualTo(DeviceFault.NONE);
    assertThat(DeviceFault.of(new IllegalStateException())).isEqualTo(DeviceFault.NONE);
  }

  @Test
  void causesCountAndWhatStaysOutweighsWhatPasses() {
    Throwable lost = new EngineException("CUDA error: unspecified launch failure");
    assertThat(DeviceFault.of(new EngineException("CUDA out of memory", lost)))
        .isEqualTo(DeviceFault.STICKY);
    assertThat(DeviceFault.of(new RuntimeException(new EngineException("CUDA out of memory"))))
        .isEqualTo(DeviceFault.OUT_OF_MEMORY);
  }

  /** The real thing: no mock knows what libtorch says. */
  @Test
  void libtorchsOwnRefusalIsRecognised() {
    ScriptSource source =
        LinearKernel.PLAIN.define(new ScriptSource("W").include("weights"), Dtype.FP32);
    try (TorchDevice cpu = TorchDevice.open("cpu", 1);
        ScriptModule weights = ScriptModule.compile(cpu, source);
        Tensor like = cpu.floats(new float[] {0}, 1)) {
      Throwable refusal =
          catchThrowable(() -> weights.call("empty", like, new long[] {1L << 47}).close());
      assertThat(refusal).isNotNull();
      assertThat(DeviceFault.of(refusal)).isEqualTo(DeviceFault.OUT_OF_MEMORY);
    }
  }
}
