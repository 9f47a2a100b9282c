package tunnel

func tunName(name string) string { return name }
