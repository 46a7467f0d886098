package io.heterospec.topology.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Ports of the loopback interface, which is all that the embedded services listen on. */
public final class LoopbackPort {

  static final String HOST = "127.0.0.1";
  private static final int HIGHEST = 65_535;

  private LoopbackPort() {}

  /**
   * The given port when nothing listens on it, or any free one for 0.
   *
   * @param service who wants it, for messages
   * @throws UnusableResourceException when the port is taken or no port at all
   */
  static int choose(String service, int port) {
    if (port < 0 || port > HIGHEST) {
      throw new UnusableResourceException(
          "%d is no port for the %s; choose one from 1 to %d, or 0 for any free one"
              .formatted(port, service, HIGHEST));
    }
    try (ServerSocket socket = new ServerSocket()) {
      // A port whose last connections are still closing counts as free, as it does for the
      // services.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(HOST), port), 1);
      return socket.getLocalPort();
    } catch (IOException e) {
      throw taken(service, port, e);
    }
  }

  static UnusableResourceException taken(String service, int port, Throwable cause) {
    return new UnusableResourceException(
        "Port %d for the %s is in use or not allowed; stop what listens there or choose another port"
            .formatted(port, service),
        cause);
  }

  /** A free port for a connection that never leaves this process's machine. */
  public static int any() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException("No free port on the loopback interface", e);
    }
  }
}
