package io.heterospec.topology.serve;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpChannel;

/**
 * Whether the client of a request whose answer has not begun has closed its connection. HTTP/1.1
 * has no other sign of that, and Jetty does not read from a connection while its request is being
 * answered. A client that sends its next request ahead loses it, which the protocol allows for: the
 * connection is closed after the answer, and the client asks again.
 */
final class ReaderProbe {
  private static final int MOST_READ = 4096;

  private ReaderProbe() {}

  static boolean isGone(HttpChannel channel) throws IOException {
    Object transport = channel.getEndPoint();
    while (transport instanceof EndPoint wrapped) {
      transport = wrapped.getTransport(); // under TLS the end point lies in another one
    }
    if (!(transport instanceof SocketChannel socket)) {
      return false;
    }
    int read = socket.read(ByteBuffer.allocate(MOST_READ)); // the channel does not block
    if (read > 0) {
      channel.getResponse().setHeader("Connection", "close");
    }
    return read < 0;
  }
}
