package io.heterospec.processor.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceNamesTest {

  @Test
  void oneDeviceOrSeveralGpusInTheirOrder() {
    assertThat(DeviceNames.parse("cpu")).containsExactly("cpu");
    assertThat(DeviceNames.parse("gpu")).containsExactly("gpu:0");
    assertThat(DeviceNames.parse("gpu:3, gpu:1")).containsExactly("gpu:3", "gpu:1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tpu | device 'tpu' is unknown",
        "gpu:x | device 'gpu:x' is unknown",
        "gpu:0, | device '' is unknown",
        "gpu,gpu:0 | names a device twice",
        "cpu,gpu:0 | mixes the CPU with GPUs"
      })
  void anythingElseIsRefused(String names, String message) {
    assertThatThrownBy(() -> DeviceNames.parse(names))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aGroupOpensAllOfThemOrNone() {
    assertThatThrownBy(() -> DeviceGroup.open("gpu:98,gpu:99", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpu:98 is not available");
    assertThatThrownBy(() -> TorchDevice.open("gpu:0,gpu:1", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("names several devices");
    try (DeviceGroup group = DeviceGroup.open("cpu", 1)) {
      assertThat(group.first()).isSameAs(group.last());
    }
  }
}
