"""What tests share: throwaway databases, a throwaway vhost, keys, clocks and events."""
