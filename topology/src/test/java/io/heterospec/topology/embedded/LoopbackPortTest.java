package io.heterospec.topology.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoopbackPortTest {

  @Test
  void shouldFindAFreePortForZero() {
    assertThat(LoopbackPort.choose("broker", 0)).isPositive();
  }

  @Test
  void shouldRefuseAPortThatIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName(LoopbackPort.HOST))) {
      int port = taken.getLocalPort();

      assertThatThrownBy(() -> LoopbackPort.choose("broker", port))
          .isInstanceOf(UnusableResourceException.class)
          .hasMessageContaining("Port %d for the broker is in use", port);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65_536})
  void shouldRefuseWhatIsNoPort(int port) {
    assertThatThrownBy(() -> LoopbackPort.choose("broker", port))
        .isInstanceOf(UnusableResourceException.class)
        .hasMessageContaining("from 1 to 65535");
  }
}
